"""From a reconstruction to a mask: what runs at every move of a slider."""

from dataclasses import dataclass, field

import numpy as np

from uad_core.pipeline.lesions import Lesion, lesions, volume_scale
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.postprocess import segment as segment_residual
from uad_core.pipeline.reconstruct import Reconstruction


@dataclass(frozen=True)
class DetectConfig:
    """From a reconstruction to a mask."""

    percentile: float = 98.0  # of the healthy residuals, [0, 100]; the paper's choice
    threshold: float | None = None  # in normalised intensity; replaces the percentile
    reference: str | None = None  # healthy cohort behind the percentile; None: real scans if there are any
    postprocess: PostprocessConfig = field(default_factory=PostprocessConfig)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A mask and how it came about."""

    mask: np.ndarray  # (D, 256, 256) bool, in the slab
    threshold: float  # that was applied to the filtered residual
    percentile: float  # of the healthy voxels that lie below the threshold
    reference: str
    lesions: tuple[Lesion, ...]  # the mask's components, largest first
    flagged_ml: float  # volume of the mask in the patient's brain
    searched_ml: float  # volume of all that can be flagged
    healthy_ml: float  # what the threshold would flag in as much healthy brain, small components included


def segment(reconstruction: Reconstruction, config: DetectConfig) -> Segmentation:
    """The mask for one setting. Raises ValueError: an unknown reference, an impossible percentile or threshold."""
    post, calibration = config.postprocess, reconstruction.checkpoint.calibration
    reference = config.reference or calibration.default_reference
    healthy = calibration.histogram(post.signed, post.median_size, reference)
    threshold = healthy.threshold(config.percentile) if config.threshold is None else config.threshold
    percentile = healthy.percentile(threshold)
    values = reconstruction.residual(post.signed)
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
    )
