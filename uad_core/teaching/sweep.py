"""How bright a lesion must be for a model to see it: one painted lesion in many greys.

What counts is the difference that the paint makes: voxels of the lesion that were flagged in the scan before it was
painted are neither credited nor asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from uad_core.atlas.masks import bounding_box
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import PostprocessConfig, segment_residual
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.teaching.paint import PaintedLesion, repaint

# normalised; closest where healthy tissue lies
INTENSITIES = (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class SweepPoint:
    """What a model made of the lesion in one grey.

    Attributes:
        intensity: of the lesion, normalised.
        share: of its voxels not flagged before, the part that is flagged now, [0, 1]; NaN if there were none.
        peak: largest filtered residual in the lesion, within the eroded brain mask; 0 outside of it.
        drawn: mean of what the model draws in the lesion; NaN for a model that reconstructs nothing.
        packed: bits of the slab's mask.
    """

    intensity: float
    share: float
    peak: float
    drawn: float
    packed: np.ndarray

    def mask(self, shape: tuple[int, ...]) -> np.ndarray:
        """(D, H, W) bool of the slab's `shape`: all that is flagged in the painted scan."""
        return np.unpackbits(self.packed, count=int(np.prod(shape))).reshape(shape).astype(bool)


@dataclass(frozen=True, eq=False)
class Sweep:
    """One model, one lesion, many greys.

    Attributes:
        model: name of the checkpoint.
        threshold: of the filtered residual, the same for all greys.
        truth: (D, H, W) bool, the lesion.
        before: (D, H, W) bool, what is flagged without it.
        healthy: mean of the scan where the lesion comes to lie.
        points: one an intensity, ascending.
    """

    model: str
    threshold: float
    truth: np.ndarray
    before: np.ndarray
    healthy: float
    points: tuple[SweepPoint, ...]

    def seen_from(self) -> float | None:
        """The lowest grey above the healthy one from which on at least half of the lesion is found, or None."""
        seen = list(takewhile(lambda one: one.intensity > self.healthy and one.share >= 0.5, reversed(self.points)))
        return seen[-1].intensity if seen else None


def sweep(
    reconstruction: Reconstruction,
    lesion: PaintedLesion,
    intensities: Sequence[float] = INTENSITIES,
    config: DetectConfig | None = None,
    on_progress: Callable[[float], None] | None = None,
    only: int | None = None,
) -> Sweep:
    """Paint the lesion in every grey into a scan that the model has reconstructed, and see what is flagged.

    Args:
        only: the index of one slice; what is flagged in the others isn't known then, and shares and peaks are of it.
        config: of the segmentation; by default the paper's, with the residual that suits the model.

    Raises:
        ValueError: the lesion lies outside the brain, or an intensity outside [0, 1].
    """
    config = config or DetectConfig(postprocess=PostprocessConfig(reconstruction.checkpoint.spec.signed))
    post, prepared = config.postprocess, reconstruction.prepared
    truth = lesion.truth(prepared)
    if not truth.any():
        raise ValueError("the lesion lies outside the brain")
    before = segment(reconstruction, config)
    asked, wanted = truth, None
    if only is not None:
        asked, wanted = np.zeros_like(truth), np.arange(len(truth))
        asked[only] = truth[only]
        wanted = wanted[abs(wanted - only) <= post.median_size // 2]
    flaggable = asked & reconstruction.inside(post.erosion_mm)
    new = asked & ~before.mask
    reconstructs = reconstruction.checkpoint.spec.reconstructs
    box = bounding_box(truth, post.median_size // 2)
    points = []
    scans = repaint(reconstruction, lesion, intensities, on_progress, wanted)
    for intensity, painted in zip(intensities, scans, strict=True):
        values = painted.weighted(post.signed, post.look)
        mask = segment_residual(values, painted.searched, before.threshold, post)
        share = float(mask[new].mean()) if new.any() else float("nan")
        peak = float(filtered(values[box], flaggable[box], post.median_size).max())
        drawn = float(painted.array[truth].mean()) if reconstructs else float("nan")
        points.append(SweepPoint(intensity, share, peak, drawn, np.packbits(mask)))
    healthy = float(prepared.array[truth].mean())
    return Sweep(reconstruction.checkpoint.name, before.threshold, truth, before.mask, healthy, tuple(points))
