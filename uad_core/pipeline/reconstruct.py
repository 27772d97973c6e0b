"""Reconstruct: once per scan and model, since it is slow; `segment` runs at every move of a slider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from uad_core.io.volume import ScanError
from uad_core.pipeline.look import lowered, weights
from uad_core.pipeline.median import residual_counts
from uad_core.pipeline.postprocess import Look, PostprocessConfig, Sign, anomaly_map, erode
from uad_core.preprocess import Prepared

if TYPE_CHECKING:
    from uad_core.models import AnomalyModel
    from uad_core.models.checkpoint import Checkpoint
    from uad_core.models.contract import OnProgress

WHITE_PERCENTILE = 99.5  # of healthy residuals: one voxel in 200 of a healthy brain lies above
WHITE_FACTOR = 2.5  # times that is shown white, so that a healthy brain stays dark


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a model says a healthy brain would be like there."""

    prepared: Prepared  # the scan's slab
    checkpoint: Checkpoint
    array: np.ndarray  # (D, 256, 256) float32, the reconstruction; means nothing outside `searched`
    searched: np.ndarray  # (D, 256, 256) bool, the brain at the levels that the model was trained on
    seconds: float  # what the model took
    warnings: tuple[str, ...]  # sentences for the user
    score: np.ndarray | None = None  # (2, D, 256, 256) float32, too bright, too dark; None: the residual

    # Each is computed once for a setting. None holds on to `self`: a circle would keep the arrays for a while.

    @cached_property
    def residual(self) -> Callable[[Sign], np.ndarray]:
        """`residual(signed)`: (D, 256, 256) float32, not filtered; the model's own score where it has one."""
        return cache(partial(anomaly_map, self.prepared.array, self.array, self.score))

    @cached_property
    def weighted(self) -> Callable[[Sign, Look], np.ndarray]:
        """`weighted(signed, look)`: the residual, lowered where the user does not look; raises as `weights`."""
        residual_of, prepared, probable = self.residual, self.prepared, self.score is not None

        @cache
        def values(signed: Sign, look: Look) -> np.ndarray:
            weight = weights(look, prepared)
            return residual_of(signed) if weight is None else lowered(residual_of(signed), weight, probable)

        return values

    @cached_property
    def inside(self) -> Callable[[float], np.ndarray]:
        """`inside(erosion_mm)`: (D, 256, 256) bool, the searched brain, slightly eroded; all that can be flagged."""
        return cache(partial(erode, self.searched))

    @cached_property
    def counts(self) -> Callable[[PostprocessConfig, tuple[float, ...]], np.ndarray]:
        """`counts(config, edges)`: voxels of `inside` in each bin of filtered residual, (len(edges) - 1,)."""
        values_of, inside_of = self.weighted, self.inside

        @cache
        def counted(config: PostprocessConfig, edges: tuple[float, ...]) -> np.ndarray:
            values = values_of(config.signed, config.look)
            return residual_counts(values, inside_of(config.erosion_mm), config.median_size, np.array(edges))

        return counted

    def profile(self, config: PostprocessConfig, edges: tuple[float, ...]) -> np.ndarray:
        """The share of `inside` in each bin of filtered residual, (len(edges) - 1,)."""
        counts = self.counts(config, edges)
        return counts / max(counts.sum(), 1)

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
    array, score = assess_slices(checkpoint.model, prepared.array, on_progress, np.any(searched, axis=(1, 2)))
    if not np.isfinite(array).all() or (score is not None and not np.isfinite(score).all()):
        raise ScanError("reconstruction", f"Model {checkpoint.name} gave no usable picture of this scan. Pick another.")
    warnings = []
    if not known.all():
        warnings.append(
            f"{np.count_nonzero(~known)} of {len(known)} axial levels lie outside those that {checkpoint.name} "
            f"was trained on ({checkpoint.slab.first} to {checkpoint.slab.levels[-1]}) and were not searched."
        )
    return Reconstruction(prepared, checkpoint, array, searched, perf_counter() - started, tuple(warnings), score)


def reconstruct_slices(model: AnomalyModel, slices: np.ndarray, on_progress: OnProgress | None = None) -> np.ndarray:
    """(B, H, W) float32 slices reconstructed, as pictures of their own: no slice is another's neighbour."""
    return assess_slices(model, slices, on_progress, in_order=False)[0]


def assess_slices(
    model: AnomalyModel,
    slices: np.ndarray,
    on_progress: OnProgress | None = None,
    wanted: np.ndarray | None = None,
    in_order: bool = True,
) -> tuple[np.ndarray, np.ndarray | None]:
    """(D, H, W) float32 slices reconstructed, and the model's score of them, (2, D, H, W), if it has one.

    As many at once as suit the model, on whichever device it is. `wanted`: (D,) bool, which; the others stay 0.
    `in_order`: they are a scan's levels one upon the other, so that each has neighbours.
    """
    import torch

    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    where = np.arange(len(slices)) if wanted is None else np.flatnonzero(wanted)
    step = model.slices_at_once or max(len(where), 1)
    output = np.zeros_like(slices)
    scores = np.zeros((2, *slices.shape), slices.dtype) if model.scores else None
    for first in range(0, len(where), step):
        some = where[first : first + step]
        batch = torch.from_numpy(_stacks(slices, some, model.context if in_order else ()))
        batch = batch.to(device, memory_format=torch.channels_last)

        def report(share: float, first: int = first, count: int = len(some)) -> None:
            if on_progress:
                on_progress((first + share * count) / len(where))

        found, score = model.assess(batch, report)
        output[some] = found[:, 0].float().cpu().numpy()
        if scores is not None and score is not None:
            scores[:, some] = score.float().cpu().numpy().swapaxes(0, 1)
        report(1.0)
    return output, scores


def _stacks(slices: np.ndarray, where: np.ndarray, context: tuple[int, ...]) -> np.ndarray:
    """(B, C, H, W) of the slices at `where` and of the levels around each, 0 beyond the scan; a copy."""
    stacks = np.zeros((len(where), 1 + len(context), *slices.shape[1:]), slices.dtype)
    stacks[:, 0] = slices[where]
    for channel, offset in enumerate(context, 1):
        inside = (where + offset >= 0) & (where + offset < len(slices))
        stacks[inside, channel] = slices[where[inside] + offset]
    return stacks
