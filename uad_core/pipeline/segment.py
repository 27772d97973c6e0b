"""From a reconstruction to a mask: what runs at every move of a slider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from uad_core.models.calibration import EDGES
from uad_core.pipeline.lesions import Lesion, lesions, volume_scale
from uad_core.pipeline.postprocess import PostprocessConfig, segment_residual
from uad_core.pipeline.reconstruct import Reconstruction

if TYPE_CHECKING:
    from uad_core.pipeline.edits import MaskEdits
    from uad_core.pipeline.sensitivity import Sensitivity

HIGHEST_RATE = 50  # per cent, of false discoveries; a mask of more would say nothing


@dataclass(frozen=True)
class DetectConfig:
    """From a reconstruction to a mask."""

    percentile: float = 98.0  # of the healthy residuals, [0, 100]; the paper's choice
    threshold: float | None = None  # in normalised intensity; replaces the percentile
    reference: str | None = None  # healthy cohort behind the percentile; None: real scans if there are any
    postprocess: PostprocessConfig = field(default_factory=PostprocessConfig)
    # per cent of the flagged voxels that may be false on average, (0, 50]; raises the percentile's threshold where that
    # would flag more: where nothing stands out from healthy brains, nothing is flagged. It never lowers it: a large
    # lesion allows so many false voxels that the mask would spread over its surroundings
    false_discovery: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.percentile <= 100:
            raise ValueError(f"percentile must lie in [0, 100], got {self.percentile:g}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must lie in [0, 1], got {self.threshold:g}")
        if self.false_discovery is not None and not 0 < self.false_discovery <= HIGHEST_RATE:
            raise ValueError(
                f"false_discovery must lie above 0 and at most at {HIGHEST_RATE}, got {self.false_discovery:g}"
            )


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A mask and how it came about."""

    mask: np.ndarray  # (D, 256, 256) bool, in the slab
    threshold: float  # that was applied to the filtered residual
    percentile: float  # of the healthy voxels that lie below the threshold
    reference: str
    lesions: tuple[Lesion, ...]  # the mask's components, largest first
    flagged_ml: float  # volume of the mask in the patient's brain
    searched_ml: float  # volume of the eroded brain, whatever the look leaves of it
    healthy_ml: float  # what the threshold would flag in as much healthy brain, small components included
    config: DetectConfig  # the setting
    of_slices: bool = False  # the percentile of a volume refers to single slices: see `Reference`
    near_rim: bool = False  # voxels nearer to the brain's rim than those of the healthy scans were searched
    lowest_rate: float | None = None  # per cent; of false discoveries, from which on a voxel would be flagged: if asked
    edits: MaskEdits | None = None  # what a hand did to the mask since; see `uad_core.pipeline.edits.edited`
    added_ml: float = 0.0  # by that, in the patient's brain
    removed_ml: float = 0.0
    sensitivity: Sensitivity | None = None  # what the setting finds in this scan of what was put into it; if measured


def working_threshold(reconstruction: Reconstruction, config: DetectConfig) -> float:
    """What the filtered residual is held against. Raises ValueError and ScanError as `segment` does."""
    if config.threshold is not None:
        return config.threshold
    post = config.postprocess
    healthy = reconstruction.checkpoint.calibration.histogram(post.signed, post.median_size, config.reference)
    least = healthy.threshold(config.percentile)
    if config.false_discovery is None:
        return least
    counts = reconstruction.counts(post, tuple(EDGES.tolist()))
    return max(least, healthy.discovery_threshold(counts, config.false_discovery / 100))


def _lowest_rate(reconstruction: Reconstruction, config: DetectConfig) -> float | None:
    """See `Segmentation.lowest_rate`; infinite where no voxel lies above the percentile."""
    if config.threshold is not None or config.false_discovery is None:
        return None
    post = config.postprocess
    healthy = reconstruction.checkpoint.calibration.histogram(post.signed, post.median_size, config.reference)
    counts = reconstruction.counts(post, tuple(EDGES.tolist()))
    return 100 * healthy.lowest_discovery_rate(counts, healthy.threshold(config.percentile))


def segment(reconstruction: Reconstruction, config: DetectConfig) -> Segmentation:
    """The mask for one setting.

    Raises ValueError: an unknown reference, an impossible percentile, rate or threshold; ScanError: no mask of the
    user's to look within.
    """
    post, calibration = config.postprocess, reconstruction.checkpoint.calibration
    reference = config.reference or calibration.default_reference
    threshold = working_threshold(reconstruction, config)
    percentile = calibration.histogram(post.signed, post.median_size, reference).percentile(threshold)
    values = reconstruction.weighted(post.signed, post.look)
    mask = segment_residual(values, reconstruction.searched, threshold, post)
    scale = volume_scale(reconstruction.prepared)
    searched_ml = np.count_nonzero(reconstruction.inside(post.erosion_mm)) / 1000 * scale
    return Segmentation(
        mask=mask,
        threshold=threshold,
        percentile=percentile,
        reference=reference,
        lesions=lesions(mask, values, reconstruction.prepared),
        flagged_ml=np.count_nonzero(mask) / 1000 * scale,
        searched_ml=searched_ml,
        healthy_ml=searched_ml * (100 - percentile) / 100,
        config=config,
        of_slices=calibration.references[reference].of_slices and reconstruction.prepared.slab.count > 1,
        near_rim=post.erosion_mm < calibration.erosion_mm,
        lowest_rate=_lowest_rate(reconstruction, config),
    )
