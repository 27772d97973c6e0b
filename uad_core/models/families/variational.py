"""Variational autoencoders: the bottleneck is noisy and kept near N(0, I) (Kingma and Welling; Baur et al. 2018)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from uad_core.models.contract import ModelSpec
from uad_core.models.families.autoencoder import PAPER, Autoencoder, AutoencoderConfig
from uad_core.models.parts.layers import SIZE, encoder, to_latent
from uad_core.models.parts.losses import kl_to_standard_normal


@dataclass(frozen=True)
class VariationalConfig(AutoencoderConfig):
    lambda_prior: float = 0.01  # lambda_2 of Eq. 2: higher is blurrier, and samples better


class VariationalAutoencoder(Autoencoder):
    """z ~ N(mean(x), variance(x)) in training, z = mean(x) afterwards. Eq. 2 with lambda_3 = 0."""

    config: VariationalConfig

    def __init__(self, config: VariationalConfig) -> None:
        super().__init__(config)
        code = config.features, 2 * config.latent, config.dense
        self.encoder = nn.Sequential(encoder(config.features), to_latent(*code))

    def encode(self, slices: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of z, both (B, latent, h, w) or (B, latent)."""
        mean, log_variance = self.encoder(slices).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 10)

    def forward(self, slices: Tensor) -> Tensor:
        return self.decoder(self.encode(slices)[0])

    def training_pass(self, slices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        mean, log_variance = self.encode(slices)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        reconstruction = self.decoder(z)
        divergence = kl_to_standard_normal(mean, log_variance, slices[0].numel())
        distance = functional.l1_loss(reconstruction, slices)
        return reconstruction, {"l1": distance, "kl": self.config.lambda_prior * divergence}

    def sample(self, count: int, seed: int) -> Tensor:
        config, side = self.config, SIZE // 2 ** len(self.config.features)
        shape = (count, config.latent) if config.dense else (count, config.latent, side, side)
        z = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        with self.as_trained():
            return self.decoder(z.to(next(self.parameters()).device))


SPECS = (
    ModelSpec(
        name="dvae",
        config=VariationalConfig(latent=512, dense=True),
        build=VariationalAutoencoder,
        latent="512, stochastic",
        source=f"{PAPER}, dVAE",
        idea="As dae, with noise in the 512 numbers, so that nearby codes mean nearby brains.",
        weakness="Blurrier than dae still: all fine structure leaves a residual.",
        samples=True,
    ),
    ModelSpec(
        name="svae",
        config=VariationalConfig(),
        build=VariationalAutoencoder,
        latent="16 x 16 x 64, stochastic",
        source=f"{PAPER}, sVAE",
        idea="As sae3, with noise in the latent picture: only what is worth its bits gets through.",
        weakness="A latent picture drawn from the prior has no large-scale order, so samples are no brains.",
        samples=True,
    ),
)
