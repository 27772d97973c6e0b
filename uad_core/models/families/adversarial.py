"""AE-GAN and VAE-GAN: an autoencoder whose pictures must also pass for real (Baur et al. 2018, Eqs. 2 and 3)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.families.autoencoder import PAPER, Autoencoder
from uad_core.models.families.variational import VariationalAutoencoder, VariationalConfig
from uad_core.models.parts.discriminator import Discriminator
from uad_core.models.parts.losses import discriminator_loss, generator_loss


@dataclass(frozen=True)
class AdversarialConfig(VariationalConfig):
    variational: bool = True  # else deterministic, which turns the VAE-GAN into an AE-GAN
    lambda_adversarial: float = 0.005  # lambda_3 of Eq. 2, against the mean l1 distance; 0 gives the plain model
    discriminator_rate: float = 1e-4  # the paper's, for adversarial training


class AdversarialAutoencoder(AnomalyModel):
    """An autoencoder and a discriminator; in every batch the discriminator learns first."""

    def __init__(self, config: AdversarialConfig) -> None:
        super().__init__(config)
        self.autoencoder = VariationalAutoencoder(config) if config.variational else Autoencoder(config)
        self.cell_px = self.autoencoder.cell_px
        self.discriminator = Discriminator(config.features)

    def forward(self, slices: Tensor) -> Tensor:
        return self.autoencoder(slices)

    def objectives(self) -> list[Objective]:
        config, plain = self.config, self.autoencoder.objectives()
        if config.lambda_adversarial == 0:
            return plain
        return [
            Objective("discriminator", list(self.discriminator.parameters()), config.discriminator_rate, self._judge),
            Objective("reconstruction", plain[0].parameters, config.learning_rate, self._reconstruct),
        ]

    def _judge(self, slices: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            reconstructed = self.autoencoder.training_pass(slices)[0]
        return {"discriminator": discriminator_loss(self.discriminator(slices), self.discriminator(reconstructed))}

    def _reconstruct(self, slices: Tensor) -> dict[str, Tensor]:
        reconstructed, terms = self.autoencoder.training_pass(slices)
        adversarial = generator_loss(self.discriminator(reconstructed))
        return terms | {"adversarial": self.config.lambda_adversarial * adversarial}

    def sample(self, count: int, seed: int) -> Tensor:
        return self.autoencoder.sample(count, seed)


SPECS = (
    ModelSpec(
        name="sae-gan",
        config=AdversarialConfig(variational=False),
        build=AdversarialAutoencoder,
        latent="16 x 16 x 64",
        source=f"{PAPER}, sAE-GAN",
        idea="As sae3, and a second network demands that what is reconstructed looks like a real slice.",
        weakness="Sharp texture is rewarded even where it is wrong; the paper found the gain to be small.",
    ),
    ModelSpec(
        name="svae-gan",
        config=AdversarialConfig(),
        build=AdversarialAutoencoder,
        latent="16 x 16 x 64, stochastic",
        source=f"{PAPER}, sVAE-GAN",
        idea="As svae, and a second network demands that what is reconstructed looks like a real slice.",
        weakness="Three terms to balance; the paper found the gain over svae to be small.",
        samples=True,
    ),
)
