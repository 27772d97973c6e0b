"""The encoder and decoder that the models of the paper share, so that only their bottlenecks differ.

Larsen et al., ICML 2016 (VAE-GAN), on which Baur et al. 2018 build: 5 x 5 convolutions with stride 2,
batch norm after each. 256 x 256 slices arrive at 16 x 16 after the four default stages.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn

FEATURES = (32, 64, 128, 128)


def encoder(features: tuple[int, ...] = FEATURES) -> nn.Sequential:
    """(B, 1, H, W) -> (B, features[-1], H / 2**n, W / 2**n) with n = len(features)."""
    stages = [_stage(nn.Conv2d(a, b, 5, stride=2, padding=2, bias=False), b) for a, b in pairwise((1, *features))]
    return nn.Sequential(*stages)


def decoder(features: tuple[int, ...] = FEATURES) -> nn.Sequential:
    """The way back: (B, features[-1], h, w) -> (B, 1, h * 2**n, w * 2**n), not squashed."""
    widths = (*reversed(features), features[0])
    stages = [
        _stage(nn.ConvTranspose2d(a, b, 5, stride=2, padding=2, output_padding=1, bias=False), b)
        for a, b in pairwise(widths)
    ]
    return nn.Sequential(*stages, nn.Conv2d(features[0], 1, 5, padding=2))


def _stage(convolution: nn.Module, features: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(features), nn.LeakyReLU(0.2, inplace=True))
