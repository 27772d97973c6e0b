"""Reconstruct: once per scan and model, since it is slow; `segment` runs at every move of a slider."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from time import perf_counter

import numpy as np
import torch

from uad_core.io.volume import ScanError
from uad_core.models import AnomalyModel
from uad_core.models.checkpoint import Checkpoint
from uad_core.models.contract import OnProgress
from uad_core.pipeline.median import residual_counts
from uad_core.pipeline.postprocess import PostprocessConfig, Sign, erode, residual
from uad_core.preprocess import Prepared

WHITE_PERCENTILE = 99.5  # of healthy residuals: one voxel in 200 of a healthy brain lies above
WHITE_FACTOR = 2.5  # times that is shown white, so that a healthy brain stays dark


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a model says a healthy brain would be like there."""

    prepared: Prepared  # the scan's slab
    checkpoint: Checkpoint
    array: np.ndarray  # (D, 256, 256) float32, the reconstruction, 0 outside `searched`
    searched: np.ndarray  # (D, 256, 256) bool, the brain at the levels that the model was trained on
    seconds: float  # what the model took
    warnings: tuple[str, ...]  # sentences for the user

    # Each is computed once for a setting. None holds on to `self`: a circle would keep the arrays for a while.

    @cached_property
    def residual(self) -> Callable[[Sign], np.ndarray]:
        """`residual(signed)`: (D, 256, 256) float32, not filtered."""
        return cache(partial(residual, self.prepared.array, self.array))

    @cached_property
    def inside(self) -> Callable[[float], np.ndarray]:
        """`inside(erosion_mm)`: (D, 256, 256) bool, the searched brain, slightly eroded; all that can be flagged."""
        return cache(partial(erode, self.searched))

    @cached_property
    def profile(self) -> Callable[[PostprocessConfig, tuple[float, ...]], np.ndarray]:
        """`profile(config, edges)`: the share of `inside` in each bin of filtered residual, (len(edges) - 1,)."""
        residual_of, inside_of = self.residual, self.inside

        @cache
        def shares(config: PostprocessConfig, edges: tuple[float, ...]) -> np.ndarray:
            inside = inside_of(config.erosion_mm)
            counts = residual_counts(residual_of(config.signed), inside, config.median_size, np.array(edges))
            return counts / max(np.count_nonzero(inside), 1)

        return shares

    def residual_window(self, config: PostprocessConfig) -> float:
        """The filtered residual that is shown white: well above what healthy brains leave, at most 1."""
        healthy = self.checkpoint.calibration.histogram(config.signed, config.median_size)
        return min(WHITE_FACTOR * healthy.threshold(WHITE_PERCENTILE), 1.0)


def reconstruct(prepared: Prepared, checkpoint: Checkpoint, on_progress: OnProgress | None = None) -> Reconstruction:
    """Let the checkpoint's model reconstruct the slab; levels that it was not trained on are left out.

    Raises ScanError: "levels" when the model knows none of them, "reconstruction" when it returns what is no number.
    """
    known = np.isin(list(prepared.slab.levels), list(checkpoint.slab.levels))
    if not known.any():
        unknown = f"Model {checkpoint.name} was not trained on any of these axial levels. Pick another."
        raise ScanError("levels", unknown)
    searched = prepared.brain_mask & known[:, None, None]
    started = perf_counter()
    array = np.zeros_like(prepared.array)
    where = np.flatnonzero(searched.any(axis=(1, 2)))
    array[where] = reconstruct_slices(checkpoint.model, prepared.array[where], on_progress)
    if not np.isfinite(array).all():
        raise ScanError("reconstruction", f"Model {checkpoint.name} gave no usable picture of this scan. Pick another.")
    warnings = []
    if not known.all():
        warnings.append(
            f"{np.count_nonzero(~known)} of {len(known)} axial levels lie outside those that {checkpoint.name} "
            f"was trained on ({checkpoint.slab.first} to {checkpoint.slab.levels[-1]}) and were not searched."
        )
    return Reconstruction(prepared, checkpoint, array, searched, perf_counter() - started, tuple(warnings))


def reconstruct_slices(model: AnomalyModel, slices: np.ndarray, on_progress: OnProgress | None = None) -> np.ndarray:
    """A scan's (B, H, W) float32 slices reconstructed, as many at once as suit the model, on whichever device it is."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    step = model.slices_at_once or max(len(slices), 1)
    output = np.empty_like(slices)
    for first in range(0, len(slices), step):
        batch = torch.tensor(slices[first : first + step])[:, None]  # a copy: prepared scans are read-only
        batch = batch.to(device, memory_format=torch.channels_last)

        def report(share: float, first: int = first, count: int = len(batch)) -> None:
            if on_progress:
                on_progress((first + share * count) / len(slices))

        output[first : first + step] = model.reconstruct(batch, report)[:, 0].float().cpu().numpy()
        report(1.0)
    return output
