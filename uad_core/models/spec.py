"""The contract that every model keeps, so that nothing else needs to know which model it has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Objective:
    """One thing that training minimises, with the parameters it may change and how fast.

    For every batch the training loop walks through a model's objectives in their order; each
    computes its terms anew, their sum is differentiated and its own optimiser makes one step.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    learning_rate: float
    terms: Callable[[Tensor], dict[str, Tensor]]  # (B, 1, H, W) batch -> scalar terms to be summed


class AnomalyModel(nn.Module, ABC):
    """A model of healthy slices. Batches are (B, 1, H, W) float in [0, 1], 0 outside the brain."""

    config: Any  # the frozen dataclass that it was built from; rebuilds it, kept in its checkpoint

    @abstractmethod
    def objectives(self) -> list[Objective]:
        """What to minimise, in the order of the steps within a batch."""

    @abstractmethod
    def forward(self, slices: Tensor) -> Tensor:
        """The healthy look of `slices`: (B, 1, H, W) -> (B, 1, H, W), differentiable."""

    def reconstruct(self, slices: Tensor) -> Tensor:
        """As `forward`, for use after training: no gradients, no batch statistics, repeatable."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            reconstruction = self(slices)
        self.train(was_training)
        return reconstruction


@dataclass(frozen=True)
class ModelSpec:
    """A row of the list of models.

    Attributes:
        name: on the command line, in the picker and in checkpoints.
        config: the model's own frozen dataclass; its values rebuild the model.
        build: makes an untrained model of a config.
        latent: shape of the bottleneck, for people.
        source: where the model comes from.
        idea: one sentence on how it works.
        weakness: one sentence on what to expect of it.
    """

    name: str
    config: Any
    build: Callable[[Any], AnomalyModel]
    latent: str
    source: str
    idea: str
    weakness: str
