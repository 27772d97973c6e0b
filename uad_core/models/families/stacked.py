"""Stacked denoising autoencoder on patches (Vaidhya et al., BrainLes 2015; Vincent et al., JMLR 2010).

Simplified: patches are 2-D, because training sees slices in a drawn order and single slices have no neighbours; the
layers learn together by one denoising objective rather than one after another, which current optimisers manage; and
what was pre-training for a supervised network there is the whole model here.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.parts.patches import patches_of, reconstruct_patches


@dataclass(frozen=True)
class StackedConfig:
    edge_px: int = 16  # of a patch
    stride_px: int = 4  # between overlapping patches that are averaged
    learn_stride_px: int = 8  # in training, from a drawn corner
    widths: tuple[int, ...] = (512, 128, 32)  # of the layers; the way back mirrors them
    masked: float = 0.25  # share of a patch's pixels that training blacks out
    learning_rate: float = 1e-3


class StackedAutoencoder(AnomalyModel):
    """Fully connected, edge_px**2 -> widths -> edge_px**2; only the way to the patch is linear."""

    def __init__(self, config: StackedConfig) -> None:
        super().__init__(config)
        way = (config.edge_px**2, *config.widths)
        layers: list[nn.Module] = []
        for inside, outside in (*pairwise(way), *pairwise(reversed(way))):
            layers += [nn.Linear(inside, outside), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, slices: Tensor) -> Tensor:
        return reconstruct_patches(slices, self.config.edge_px, self.config.stride_px, self.layers)

    def objectives(self) -> list[Objective]:
        return [Objective("reconstruction", list(self.parameters()), self.config.learning_rate, self._terms)]

    def _terms(self, slices: Tensor) -> dict[str, Tensor]:
        config = self.config
        top, left = (int(torch.randint(config.learn_stride_px, ()).item()) for _ in range(2))
        patches = patches_of(slices[..., top:, left:], config.edge_px, config.learn_stride_px)
        patches = patches[(patches > 0).any(1)]
        if not len(patches):  # the mean of nothing is no number
            patches = patches_of(slices, config.edge_px, config.edge_px)
        kept = torch.rand(patches.shape).to(patches.device) >= config.masked
        return {"l1": functional.l1_loss(self.layers(patches * kept / (1 - config.masked)), patches)}


SPECS = (
    ModelSpec(
        name="stacked",
        config=StackedConfig(),
        build=StackedAutoencoder,
        latent="32 a patch",
        source="after Vaidhya et al. 2015",
        idea="Squeezes 16 x 16 patches through fully connected layers and back; what is unusual gets lost.",
        weakness="A patch knows nothing of its place: a bright area that is healthy elsewhere passes anywhere.",
    ),
)
