"""A whole new model in one file, as a user would add one; without batch statistics, so that halves of a batch
average to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from uad_core.models import AnomalyModel, ModelSpec, Objective


@dataclass(frozen=True)
class ToyConfig:
    width: int = 64


class Toy(AnomalyModel):
    """Every 8 x 8 pixels through a few numbers and back."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.config = config
        self.down, self.up = nn.Conv2d(1, config.width, 8, 8), nn.ConvTranspose2d(config.width, 1, 8, 8)

    def forward(self, slices: Tensor) -> Tensor:
        return self.up(self.down(slices))

    def objectives(self) -> list[Objective]:
        return [Objective("reconstruction", list(self.parameters()), 0.01, self._terms)]

    def _terms(self, slices: Tensor) -> dict[str, Tensor]:
        return {"l2": (self(slices) - slices).square().mean()}


SPECS = (
    ModelSpec(
        "toy", ToyConfig(), Toy, "32 x 32 x 64", "nobody", "Squeezes every 8 x 8 pixels.", "Reconstructs anything."
    ),
)
