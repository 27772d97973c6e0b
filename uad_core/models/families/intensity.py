"""Model 0: bright is abnormal. Histogram-equalised FLAIR intensity, no training (Meissen et al., BrainLes 2021)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uad_core.models.contract import ModelSpec
from uad_core.models.parts.scoring import ScoringModel


@dataclass(frozen=True)
class IntensityConfig:
    pass


class Intensity(ScoringModel):
    """Every brain voxel's rank among all brain voxels of the scan, in (0, 1], is its anomaly score."""

    def score(self, slices: Tensor) -> Tensor:
        return equalise(slices)


def equalise(slices: Tensor) -> Tensor:
    """The share of all voxels above 0 that are at most as bright, (0, 1]; 0 stays 0. Shape as given."""
    brain = slices[slices > 0]
    ordered = brain.sort().values
    ranks = torch.zeros_like(slices)
    ranks[slices > 0] = torch.searchsorted(ordered, brain, right=True).to(slices.dtype) / max(len(brain), 1)
    return ranks


SPECS = (
    ModelSpec(
        name="intensity",
        config=IntensityConfig(),
        build=Intensity,
        latent="none",
        source="Meissen et al. 2021",
        idea="No model at all: lesions are bright on FLAIR, so the brightest voxels of the scan are flagged.",
        weakness="Flags what is bright in health as well, and nothing that is dark; yet many models lose to it.",
        reconstructs=False,
    ),
)
