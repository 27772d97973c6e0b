"""Spatial autoencoder: the bottleneck stays a picture, so folds keep their place (Baur et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from uad_core.models.layers import FEATURES, decoder, encoder
from uad_core.models.spec import AnomalyModel, ModelSpec, Objective


@dataclass(frozen=True)
class SpatialAutoencoderConfig:
    features: tuple[int, ...] = FEATURES  # of the encoder's stages; each halves height and width
    latent_channels: int = 64  # 16 x 16 x 64 at 256 x 256
    learning_rate: float = 1e-3  # the paper's, for the reconstruction objective


class SpatialAutoencoder(AnomalyModel):
    """x -> encoder -> 1 x 1 convolution -> z (B, C, h, w) -> 1 x 1 convolution -> decoder -> x_hat.

    Loss: the paper's Eq. 2 with lambda_2 = lambda_3 = 0, the l1 distance, averaged over pixels.
    """

    def __init__(self, config: SpatialAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.features[-1]
        self.encoder = nn.Sequential(encoder(config.features), nn.Conv2d(width, config.latent_channels, 1))
        self.decoder = nn.Sequential(nn.Conv2d(config.latent_channels, width, 1), decoder(config.features))

    def forward(self, slices: Tensor) -> Tensor:
        reconstruction: Tensor = self.decoder(self.encoder(slices))
        return reconstruction

    def objectives(self) -> list[Objective]:
        return [Objective("reconstruction", list(self.parameters()), self.config.learning_rate, self._terms)]

    def _terms(self, slices: Tensor) -> dict[str, Tensor]:
        return {"l1": functional.l1_loss(self(slices), slices)}


SPECS = (
    ModelSpec(
        name="sae3",
        config=SpatialAutoencoderConfig(),
        build=SpatialAutoencoder,
        latent="16 x 16 x 64",
        source="Baur et al. 2018, sAE3",
        idea="Squeezes a slice through a small picture of features and redraws it; what is unusual gets lost.",
        weakness="The bottleneck is wide enough to redraw large lesions as well, which then leave no residual.",
    ),
)
