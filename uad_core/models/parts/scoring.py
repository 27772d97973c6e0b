"""Models that score the voxels of a scan without training, and reconstruct nothing."""

from abc import abstractmethod

import torch
from torch import Tensor

from uad_core.models.contract import AnomalyModel


class ScoringModel(AnomalyModel):
    """In the contract's terms its reconstruction is the scan less its score, so that the residual is the score."""

    slices_at_once = None  # scores come from the statistics of the whole scan

    @abstractmethod
    def score(self, slices: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1], 0 outside the brain: how abnormal."""

    def forward(self, slices: Tensor) -> Tensor:
        return slices - self.score(slices)

    def validation(self, slices: Tensor) -> Tensor:
        """Nothing is reconstructed, so there is no error to speak of."""
        return torch.full((len(slices),), float("nan"))
