"""The network that tells real slices from drawn ones, shared by AE-GAN, VAE-GAN and AnoGAN."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from uad_core.models.parts.layers import FEATURES, encoder


class Discriminator(nn.Module):
    """(B, 1, H, W) -> (B,) logits; Dis = sigmoid(logit).

    The encoder's stages without batch norm, which would mix the slices of a batch, and a mean over places. A little
    noise on what it sees in training keeps it from telling slices apart by their background alone, which is exactly 0
    in real ones (Soenderby et al., ICLR 2017). `spectral`: each matrix is divided by its largest singular value, so
    that the logit cannot change faster than the slice does (Miyato et al., ICLR 2018).
    """

    def __init__(self, features: tuple[int, ...] = FEATURES, noise: float = 0.05, spectral: bool = False) -> None:
        super().__init__()
        self.noise = noise
        self.stages = encoder(features, batch_norm=False)
        self.judge = nn.Conv2d(features[-1], 1, 1)
        if spectral:
            for layer in [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]:
                spectral_norm(layer)

    def features(self, slices: Tensor) -> Tensor:
        """(B, C, h, w) of the last stage: what feature matching compares."""
        return self.stages(slices)

    def forward(self, slices: Tensor) -> Tensor:
        if self.training:
            slices = slices + self.noise * torch.randn_like(slices)
        return self.judge(self.features(slices)).mean((1, 2, 3))
