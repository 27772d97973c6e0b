"""AnoGAN: no encoder; a healthy slice is searched for among those that a GAN can draw (Schlegl et al., IPMI 2017)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective, OnProgress
from uad_core.models.families.autoencoder import PAPER
from uad_core.models.parts.discriminator import Discriminator
from uad_core.models.parts.layers import FEATURES, decoder, from_latent
from uad_core.models.parts.losses import discriminator_loss, generator_loss, hinge_loss


@dataclass(frozen=True)
class AnoganConfig:
    features: tuple[int, ...] = FEATURES
    latent: int = 128
    # "paper": Schlegl's loss, which Baur et al. stopped after 82 epochs, unstable; "spectral": a hinge loss
    # under spectral normalisation (Miyato et al., ICLR 2018), which bounds how fast the discriminator can change
    adversary: Literal["paper", "spectral"] = "paper"
    learning_rate: float = 2e-4  # of both networks, with the betas of DCGAN (Radford et al. 2016)
    search_steps: int = 100  # the paper's
    search_rate: float = 0.05  # of Adam on z
    feature_weight: float = 0.1  # lambda of Schlegl et al.: feature matching against residual
    search_seed: int = 0


class Anogan(AnomalyModel):
    """Generator and discriminator on whole slices. `reconstruct` searches z for all slices of a scan at once.

    Score, per slice: (1 - lambda) mean |x - G(z)| + lambda mean |f(x) - f(G(z))|, f the discriminator's last stage;
    both are means here, sums there. Adam keeps its steps per number, so slices do not disturb each other.
    """

    slices_at_once = None

    def __init__(self, config: AnoganConfig) -> None:
        super().__init__(config)
        code = config.features, config.latent, True
        self.generator = nn.Sequential(from_latent(*code), decoder(config.features))
        self.discriminator = Discriminator(config.features, spectral=config.adversary == "spectral")

    def objectives(self) -> list[Objective]:
        rate, betas = self.config.learning_rate, (0.5, 0.999)
        return [
            Objective("discriminator", list(self.discriminator.parameters()), rate, self._judge, betas),
            Objective("generator", list(self.generator.parameters()), rate, self._draw, betas),
        ]

    def _judge(self, slices: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            drawn = self.generator(self._prior(slices))
        loss = hinge_loss if self.config.adversary == "spectral" else discriminator_loss
        return {"discriminator": loss(self.discriminator(slices), self.discriminator(drawn))}

    def _draw(self, slices: Tensor) -> dict[str, Tensor]:
        logits = self.discriminator(self.generator(self._prior(slices)))
        return {"generator": -logits.mean() if self.config.adversary == "spectral" else generator_loss(logits)}

    def _prior(self, slices: Tensor) -> Tensor:
        return torch.randn(len(slices), self.config.latent, device=slices.device)

    def forward(self, slices: Tensor) -> Tensor:
        return self.reconstruct(slices)

    def reconstruct(self, slices: Tensor, on_progress: OnProgress | None = None) -> Tensor:
        config, was_training = self.config, self.training
        self.eval().requires_grad_(False)
        z = self._noise(len(slices), config.search_seed, slices.device).requires_grad_()
        search = torch.optim.Adam([z], config.search_rate)
        wanted = self.discriminator.features(slices)
        with torch.enable_grad():
            for step in range(config.search_steps):
                drawn = self.generator(z)
                far = (slices - drawn).abs().mean((1, 2, 3))
                unlike = (wanted - self.discriminator.features(drawn)).abs().mean((1, 2, 3))
                search.zero_grad()
                ((1 - config.feature_weight) * far + config.feature_weight * unlike).sum().backward()
                search.step()
                if on_progress:
                    on_progress((step + 1) / config.search_steps)
        with torch.no_grad():
            found: Tensor = self.generator(z)
        self.train(was_training).requires_grad_(True)
        return found

    def validation(self, slices: Tensor) -> Tensor:
        """A GAN has no healthy error to stop by, and its search is too slow to run every epoch."""
        return torch.full((len(slices),), float("nan"))

    def sample(self, count: int, seed: int) -> Tensor:
        with self.as_trained():
            return self.generator(self._noise(count, seed, next(self.parameters()).device))

    def _noise(self, count: int, seed: int, device: torch.device) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(count, self.config.latent, generator=generator).to(device)


SPECS = (
    ModelSpec(
        name="anogan",
        config=AnoganConfig(),
        build=Anogan,
        latent="128, searched",
        source=f"Schlegl et al. 2017; as compared in {PAPER}",
        idea="Learns to draw healthy slices from noise, then searches the noise whose slice is nearest to the scan.",
        weakness="Draws some brain, not this brain: folds never fit, and the search takes seconds a slice. With the "
        "paper's loss training is unstable (stopped after 82 epochs); adversary=spectral bounds the discriminator.",
        samples=True,
        searches=True,
    ),
)
