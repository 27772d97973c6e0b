"""Autoencoders, dense and spatial: what does not fit through the bottleneck is not reconstructed (Baur et al. 2018)."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.parts.layers import FEATURES, decoder, encoder, from_latent, to_latent


@dataclass(frozen=True)
class AutoencoderConfig:
    features: tuple[int, ...] = FEATURES  # of the encoder's stages; each halves height and width
    latent: int = 64  # channels of the latent picture, or numbers of a dense latent
    dense: bool = False
    learning_rate: float = 1e-3  # the paper's, for the reconstruction objective


class Autoencoder(AnomalyModel):
    """x -> encoder -> z, (B, latent, h, w), dense (B, latent) -> decoder -> x_hat. Of Eq. 2 the l1 distance."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(config)
        self.cell_px = None if config.dense else 2 ** len(config.features)
        code = (config.features, config.latent, config.dense)
        self.encoder = nn.Sequential(encoder(config.features), to_latent(*code))
        self.decoder = nn.Sequential(from_latent(*code), decoder(config.features))

    def forward(self, slices: Tensor) -> Tensor:
        return self.decoder(self.encoder(slices))

    def training_pass(self, slices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """x_hat as training sees it, and the weighted terms of Eq. 2 but the adversarial one."""
        reconstruction = self(slices)
        return reconstruction, {"l1": functional.l1_loss(reconstruction, slices)}

    def objectives(self) -> list[Objective]:
        parameters, rate = list(self.parameters()), self.config.learning_rate
        return [Objective("reconstruction", parameters, rate, lambda slices: self.training_pass(slices)[1])]


PAPER = "Baur et al. 2018"  # in the source of each model that the paper compares
SPECS = (
    ModelSpec(
        name="dae",
        config=AutoencoderConfig(latent=512, dense=True),
        build=Autoencoder,
        latent="512",
        source=f"{PAPER}, dAE",
        idea="Squeezes a slice into 512 numbers and reconstructs it from them; lesions are lost.",
        weakness="So are the folds of the cortex: everything fine leaves a residual, healthy or not.",
    ),
    ModelSpec(
        name="sae1",
        config=AutoencoderConfig(features=(*FEATURES, FEATURES[-1])),
        build=Autoencoder,
        latent="8 x 8 x 64",
        source=f"{PAPER}, sAE1",
        idea="Squeezes a slice into an 8 x 8 picture of features, so that things keep their rough place.",
        weakness="8 x 8 is too coarse for folds; the paper found large residuals everywhere.",
    ),
    ModelSpec(
        name="sae2",
        config=AutoencoderConfig(latent=16),
        build=Autoencoder,
        latent="16 x 16 x 16",
        source=f"{PAPER}, sAE2",
        idea="A 16 x 16 picture with few features: place is kept, detail must be chosen.",
        weakness="Reconstructs folds less sharply than 64 features do, and small lesions still get through.",
    ),
    ModelSpec(
        name="sae3",
        config=AutoencoderConfig(),
        build=Autoencoder,
        latent="16 x 16 x 64",
        source=f"{PAPER}, sAE3",
        idea="Squeezes a slice through a small picture of features and reconstructs it; what is unusual gets lost.",
        weakness="The bottleneck is wide enough to reconstruct large lesions as well, which then leave no residual.",
    ),
)
