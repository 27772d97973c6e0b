"""Slices as small square patches and back, for models that look no further than a patch."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def patches_of(slices: Tensor, edge_px: int, stride_px: int) -> Tensor:
    """(B, 1, H, W) -> (B * L, edge_px**2), the L patches of each slice at every `stride_px`, rows first."""
    return functional.unfold(slices, edge_px, stride=stride_px).transpose(1, 2).flatten(0, 1)


def reconstruct_patches(
    slices: Tensor, edge_px: int, stride_px: int, reconstruct: Callable[[Tensor], Tensor]
) -> Tensor:
    """Slices whose patches of brain went through `reconstruct`, averaged where they overlap; else 0."""
    patches = patches_of(slices, edge_px, stride_px)
    shown = (patches > 0).any(1)
    reconstructed = torch.zeros_like(patches)
    reconstructed[shown] = reconstruct(patches[shown]).to(patches.dtype)
    size = slices.shape[2:]
    stacked = reconstructed.unflatten(0, (len(slices), -1)).transpose(1, 2)
    total = functional.fold(stacked, size, edge_px, stride=stride_px)
    count = functional.fold(torch.ones_like(stacked[:1]), size, edge_px, stride=stride_px)
    return torch.where(slices > 0, total / count.clamp(min=1), 0)
