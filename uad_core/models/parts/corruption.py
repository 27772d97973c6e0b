"""What a denoising autoencoder learns to remove: coarse noise and soft blobs, inside the brain.

Coarse noise: Kascenas, Pugeault, O'Neil, MIDL 2022. Blobs: smooth spots of any size and grey, as lesions have them;
no lesion mask is used.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def coarse_noise(slices: Tensor, sigma: float, cells: int) -> Tensor:
    """(B, 1, H, W) normal noise drawn on `cells` x `cells` and smoothly enlarged, shifted at random."""
    noise = sigma * torch.randn(len(slices), 1, cells, cells, device=slices.device)
    noise = functional.interpolate(noise, slices.shape[2:], mode="bilinear", align_corners=False)
    rows, columns = (int(torch.randint(size, ()).item()) for size in slices.shape[2:])
    return torch.roll(noise, (rows, columns), dims=(2, 3))


def blobs(slices: Tensor, count: int, radius_px: tuple[float, float], contrast: float) -> Tensor:
    """(B, 1, H, W) sum of up to `count` soft spots a slice, in the brain, each of at most +-`contrast`.

    A spot is a Gaussian hill, its outline bent by smooth noise, cut at half its height with a soft edge.
    Radii are log-uniform; two of three spots are bright.
    """
    batch, _, height, width = slices.shape
    device = slices.device
    rows = torch.arange(height, device=device, dtype=slices.dtype)[:, None]
    columns = torch.arange(width, device=device, dtype=slices.dtype)[None, :]
    bend = coarse_noise(slices, 0.25, 32)[:, 0]
    brain = (slices[:, 0] > 0).flatten(1).to(slices.dtype) + 1e-9
    places = torch.multinomial(brain, count, replacement=True)  # (B, count)
    low, high = (torch.log(torch.tensor(radius)) for radius in radius_px)
    total = torch.zeros(batch, height, width, device=device, dtype=slices.dtype)
    for spot in range(count):
        centre_row = (places[:, spot] // width)[:, None, None]
        centre_column = (places[:, spot] % width)[:, None, None]
        radius = torch.exp(low + (high - low) * torch.rand(batch, 1, 1)).to(device)
        squash = torch.exp(0.4 * torch.randn(batch, 1, 1)).to(device)
        distance2 = ((rows - centre_row) * squash) ** 2 + ((columns - centre_column) / squash) ** 2
        hill = torch.exp(-distance2 / (2 * radius**2)) + bend - 0.5
        shape = torch.sigmoid(hill * 12) * (distance2 < 16 * radius**2)
        sign = torch.where(torch.rand(batch, 1, 1) < 2 / 3, 1.0, -1.0)
        present = torch.rand(batch, 1, 1) < 0.5
        total += shape * (sign * present * contrast * (0.15 + 0.85 * torch.rand(batch, 1, 1))).to(device)
    return total[:, None]
