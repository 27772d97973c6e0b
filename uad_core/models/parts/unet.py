"""The U-Net that several families share (Ronneberger et al., MICCAI 2015), on 2 x 2 pixels at a time."""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


def down_stages(widths: tuple[int, ...]) -> nn.ModuleList:
    """From the finest level downwards, each at half the size of the one before; the first keeps its size."""
    return nn.ModuleList(_block(a, b) for a, b in pairwise((widths[0], *widths)))


def up_stages(widths: tuple[int, ...]) -> nn.ModuleList:
    """The way back, listed from the finest level downwards."""
    return nn.ModuleList(_block(a + b, a) for a, b in pairwise(widths))


def through(x: Tensor, down: Iterable[nn.Module], up: nn.ModuleList) -> Tensor:
    """(B, widths[0], h, w) -> the same shape; h and w must be multiples of 2**(len(widths) - 1)."""
    kept: list[Tensor] = []
    for stage in down:
        x = stage(functional.avg_pool2d(x, 2) if kept else x)
        kept.append(x)
    kept.pop()
    for stage in reversed(up):
        x = stage(torch.cat([kept.pop(), functional.interpolate(x, scale_factor=2, mode="nearest")], 1))
    return x


def check_size(slices: Tensor, cell_px: int) -> None:
    """Raise ValueError unless H and W of (B, C, H, W) are multiples of `cell_px`."""
    height, width = slices.shape[2:]
    if height % cell_px or width % cell_px:
        raise ValueError(f"height and width must be multiples of {cell_px}, got {height} and {width}")


def _block(inside: int, outside: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with group norm and SiLU."""
    layers: list[nn.Module] = []
    for fed in (inside, outside):
        layers += [nn.Conv2d(fed, outside, 3, padding=1, bias=False), nn.GroupNorm(8, outside), nn.SiLU(inplace=True)]
    return nn.Sequential(*layers)
