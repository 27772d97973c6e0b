"""Thresholding: how far a voxel lies above the grey matter of its own scan, no training.

After the thresholding methods reviewed by Garcia-Lorenzo et al., Med Image Anal 17 (2013) 1-18: tissue statistics that
lesions do not move, then a threshold, then 3-D components, which the shared postprocessing takes. Simplified: FLAIR
alone and no tissue segmentation. White and grey matter share one peak there, with grey on its bright flank, so the peak
and the width of that flank stand for grey matter.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from uad_core.models.contract import ModelSpec
from uad_core.models.parts.scoring import ScoringModel

BINS = 256  # of the histogram over [0, 1]
HALF_WIDTH = 1.1774  # half width at half maximum of a normal distribution, in standard deviations


@dataclass(frozen=True)
class ThresholdConfig:
    tissue_above: float = 0.6  # of the brain's median: fluid is darker on FLAIR
    smooth_bins: float = 2.0  # sigma of the histogram's smoothing
    z_max: float = 10.0  # that is score 1


class Thresholding(ScoringModel):
    """Score: z / z_max in [0, 1], z = (x - peak) / sigma where positive, of the whole scan's histogram."""

    def score(self, slices: Tensor) -> Tensor:
        brain = slices[slices > 0]
        if not len(brain):
            return torch.zeros_like(slices)
        tissue = brain[brain > self.config.tissue_above * brain.median()]
        peak, sigma = bright_flank(tissue, self.config.smooth_bins)
        z = (slices - peak) / sigma
        return torch.where(slices > 0, (z / self.config.z_max).clamp(0, 1), 0)


def bright_flank(values: Tensor, smooth_bins: float) -> tuple[float, float]:
    """Where the histogram of values in [0, 1] peaks, and the sigma of a normal flank of that width above it."""
    counts = torch.histc(values.float().cpu(), BINS, 0, 1).double()
    offsets = torch.arange(BINS).double()
    kernel = torch.exp(-((offsets[:, None] - offsets) ** 2) / (2 * smooth_bins**2))
    smooth = kernel @ counts
    peak = int(smooth.argmax())
    low = torch.nonzero(smooth[peak:] < smooth[peak] / 2)
    width = int(low[0]) if len(low) else BINS - peak
    sigma = max(width / HALF_WIDTH, 1.0) / BINS
    return (peak + 0.5) / BINS, sigma


SPECS = (
    ModelSpec(
        name="threshold",
        config=ThresholdConfig(),
        build=Thresholding,
        latent="none",
        source="after Garcia-Lorenzo et al. 2013",
        idea="Fits the tissue peak of the scan's own histogram and flags what lies many deviations above it.",
        weakness="Ranks voxels as plain intensity does; only its threshold adapts to the contrast of the scan.",
        reconstructs=False,
    ),
)
