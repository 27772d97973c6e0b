"""Autoencoder with a one-class SVM on its latent (Seeboeck et al., arXiv 1612.00686, 2016).

Simplified: the vectors at every position of one spatial latent stand for their patches of several sizes; their
denoising and the later sorting of anomalies by kind are left out.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.families.autoencoder import Autoencoder, AutoencoderConfig


@dataclass(frozen=True)
class OneClassConfig:
    features: tuple[int, ...] = (16, 32, 64)  # of the encoder's stages: a position stands for 8 x 8 pixels
    latent: int = 32  # numbers at each position
    learning_rate: float = 1e-3
    nu: float = 0.1  # share of the healthy vectors that the SVM may leave outside
    vectors: int = 3000  # healthy ones that it is fitted to


class OneClassSvm(AnomalyModel):
    """Score: 1 - sum_i w_i exp(-|z - z_i|^2 / latent), in [0, 1], enlarged from latent positions to pixels.

    z is standardised per channel; z_i and w_i, summing to 1, come from scikit-learn's OneClassSVM. Its offset is left
    out: the threshold comes from healthy scans, as everywhere. Before the fit every score is 1.
    """

    fitted = ("centre", "scale", "vectors", "weights")
    centre: Tensor
    scale: Tensor
    vectors: Tensor
    weights: Tensor

    def __init__(self, config: OneClassConfig) -> None:
        super().__init__(config)
        inner = AutoencoderConfig(config.features, config.latent, learning_rate=config.learning_rate)
        self.autoencoder = Autoencoder(inner)
        self.cell_px = self.autoencoder.cell_px
        self.register_buffer("centre", torch.zeros(config.latent))
        self.register_buffer("scale", torch.ones(config.latent))
        self.register_buffer("vectors", torch.zeros(config.vectors, config.latent))
        self.register_buffer("weights", torch.zeros(config.vectors))

    def objectives(self) -> list[Objective]:
        return self.autoencoder.objectives()

    def fit(self, slices: Tensor, seed: int) -> None:
        from sklearn.svm import OneClassSVM

        config, device = self.config, self.centre.device
        with self.as_trained():
            found = [self._latent(batch.to(device)) for batch in slices.split(16)]  # bounds the memory
        shown = torch.cat([z[brain].cpu() for z, brain in found])
        chosen = shown[torch.from_numpy(np.random.default_rng(seed).permutation(len(shown))[: config.vectors])]
        self.centre.copy_(chosen.mean(0))
        self.scale.copy_(chosen.std(0).clamp(min=1e-3))
        chosen = (chosen - self.centre.cpu()) / self.scale.cpu()
        svm = OneClassSVM(nu=config.nu, gamma=1 / config.latent).fit(chosen.double().numpy())
        self.vectors.zero_()[: len(chosen)] = chosen.to(device)
        self.weights.zero_()
        self.weights[torch.from_numpy(svm.support_).long()] = torch.from_numpy(svm.dual_coef_[0]).to(self.weights)

    def _latent(self, slices: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, h, w, latent) and where most of what they stand for is brain, (B, h, w) bool."""
        z = self.autoencoder.encoder(slices).movedim(1, -1)
        brain = functional.adaptive_avg_pool2d((slices > 0).to(slices.dtype), z.shape[1:3])[:, 0] > 0.5
        return z, brain

    def forward(self, slices: Tensor) -> Tensor:
        return slices - self.score(slices)

    def score(self, slices: Tensor) -> Tensor:
        """(B, 1, H, W) in [0, 1], 0 outside the brain."""
        coarse = self._coarse(self._latent(slices)[0])[:, None]
        fine = functional.interpolate(coarse, slices.shape[2:], mode="bilinear", align_corners=False)
        return torch.where(slices > 0, fine, 0)

    def _coarse(self, z: Tensor) -> Tensor:
        """(B, h, w, latent) vectors -> (B, h, w) scores."""
        used = self.weights > 0
        standard = ((z - self.centre) / self.scale).float()
        squared = torch.cdist(standard.flatten(0, 2), self.vectors[used]).square()
        known = (-squared / self.config.latent).exp() @ self.weights[used] / self.weights.sum().clamp(min=1e-6)
        return (1 - known).clamp(0, 1).view(z.shape[:3])

    def validation(self, slices: Tensor) -> Tensor:
        """Of the autoencoder: the SVM has no error on healthy slices."""
        return self.autoencoder.validation(slices)


SPECS = (
    ModelSpec(
        name="ocsvm",
        config=OneClassConfig(),
        build=OneClassSvm,
        latent="32 x 32 x 32",
        source="after Seeboeck et al. 2016; scikit-learn",
        idea="Squeezes slices into a small picture of features and asks a one-class SVM which of them are unusual.",
        weakness="Says no more than which 8 x 8 pixels are strange: outlines are blurred, small lesions missed.",
        reconstructs=False,
    ),
)
