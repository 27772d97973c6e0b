"""The encoder, decoder and bottlenecks that the models of the paper share, so that only their ideas differ.

Larsen et al., ICML 2016 (VAE-GAN), on which Baur et al. 2018 build: 5 x 5 convolutions with stride 2, batch norm after
each. 256 x 256 slices arrive at 16 x 16 after the four default stages.
"""

from itertools import pairwise

from torch import nn

FEATURES = (32, 64, 128, 128)
SIZE = 256  # height and width of a slice
DENSE_CHANNELS = 4  # to which a dense bottleneck squeezes the features before its matrix: 1024 numbers at 16 x 16


def encoder(features: tuple[int, ...] = FEATURES, batch_norm: bool = True) -> nn.Sequential:
    """(B, 1, H, W) -> (B, features[-1], H / 2**n, W / 2**n) with n = len(features)."""
    pairs = pairwise((1, *features))
    return nn.Sequential(
        *(_stage(nn.Conv2d(a, b, 5, stride=2, padding=2, bias=not batch_norm), b, batch_norm) for a, b in pairs)
    )


def decoder(features: tuple[int, ...] = FEATURES) -> nn.Sequential:
    """The way back: (B, features[-1], h, w) -> (B, 1, h * 2**n, w * 2**n), not squashed.

    The last step goes from the first stage's features straight to the picture, as in DCGAN (Radford et al. 2016):
    features at full resolution would double the time of the whole network.
    """
    stages = [
        _stage(nn.ConvTranspose2d(a, b, 5, stride=2, padding=2, output_padding=1, bias=False), b)
        for a, b in pairwise(reversed(features))
    ]
    return nn.Sequential(*stages, nn.ConvTranspose2d(features[0], 1, 5, stride=2, padding=2, output_padding=1))


def to_latent(features: tuple[int, ...], latent: int, dense: bool) -> nn.Module:
    """(B, features[-1], h, w) -> (B, latent, h, w) by a 1 x 1 convolution, or (B, latent) if dense."""
    if not dense:
        return nn.Conv2d(features[-1], latent, 1)
    side = SIZE // 2 ** len(features)
    return nn.Sequential(
        nn.Conv2d(features[-1], DENSE_CHANNELS, 1), nn.Flatten(), nn.Linear(DENSE_CHANNELS * side**2, latent)
    )


def from_latent(features: tuple[int, ...], latent: int, dense: bool) -> nn.Module:
    """The way back of `to_latent`."""
    if not dense:
        return nn.Conv2d(latent, features[-1], 1)
    side = SIZE // 2 ** len(features)
    return nn.Sequential(
        nn.Linear(latent, DENSE_CHANNELS * side**2),
        nn.Unflatten(1, (DENSE_CHANNELS, side, side)),
        nn.Conv2d(DENSE_CHANNELS, features[-1], 1),
    )


def _stage(convolution: nn.Module, features: int, batch_norm: bool = True) -> nn.Sequential:
    norm = [nn.BatchNorm2d(features)] if batch_norm else []
    return nn.Sequential(convolution, *norm, nn.LeakyReLU(0.2, inplace=True))
