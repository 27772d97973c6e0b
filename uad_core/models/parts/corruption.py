"""What a denoising autoencoder learns to remove: coarse noise and soft blobs, inside the brain.

Coarse noise: Kascenas, Pugeault, O'Neil, MIDL 2022. Blobs: smooth hills of any size and grey, as lesions have them; no
lesion mask is used.
"""

import torch
from torch import Tensor
from torch.nn import functional

BEND_SIGMA, BEND_CELLS = 0.25, 32  # noise that bends outlines: a quarter of a hill's height, on cells of 8 pixels
SQUASH_LOG_SD = 0.4  # of each axis, the other shrinks as much: two of three blobs are at most 2.2 times as long as wide
HALF_HEIGHT = 0.5  # where a hill is cut
EDGE_STEEPNESS = 12.0  # of the cut: the edge goes from 12 to 88 % within a third of the hill's height
REACH_RADII = 4.0  # beyond it noise alone could pass the cut
BRIGHT_SHARE = 2 / 3  # of the blobs; the others are dark
PRESENT_SHARE = 0.5  # of the blobs drawn; of four, one slice in 16 keeps none
LEAST_CONTRAST = 0.15  # of the most that a blob may have; uniform between the two


def coarse_noise(slices: Tensor, sigma: float, cells: int) -> Tensor:
    """(B, 1, H, W) normal noise drawn on `cells` x `cells` and smoothly enlarged, shifted at random."""
    noise = sigma * torch.randn(len(slices), 1, cells, cells, device=slices.device)
    noise = functional.interpolate(noise, slices.shape[2:], mode="bilinear", align_corners=False)
    rows, columns = (int(torch.randint(size, ()).item()) for size in slices.shape[2:])
    return torch.roll(noise, (rows, columns), dims=(2, 3))


def blobs(slices: Tensor, count: int, radius_px: tuple[float, float], contrast: float) -> Tensor:
    """(B, 1, H, W) sum of up to `count` soft blobs a slice, in the brain, each of at most +-`contrast`.

    Gaussian hills of log-uniform radii, outlines bent by smooth noise, cut at half their height with a soft edge.
    """
    batch, _, height, width = slices.shape
    device = slices.device
    rows = torch.arange(height, device=device, dtype=slices.dtype)[:, None]
    columns = torch.arange(width, device=device, dtype=slices.dtype)[None, :]
    bend = coarse_noise(slices, BEND_SIGMA, BEND_CELLS)[:, 0]
    brain = (slices[:, 0] > 0).flatten(1).to(slices.dtype) + 1e-9
    places = torch.multinomial(brain, count, replacement=True)  # (B, count)
    low, high = (torch.log(torch.tensor(radius)) for radius in radius_px)
    total = torch.zeros(batch, height, width, device=device, dtype=slices.dtype)
    for blob in range(count):
        centre_row = (places[:, blob] // width)[:, None, None]
        centre_column = (places[:, blob] % width)[:, None, None]
        radius = torch.exp(low + (high - low) * torch.rand(batch, 1, 1)).to(device)
        squash = torch.exp(SQUASH_LOG_SD * torch.randn(batch, 1, 1)).to(device)
        distance2 = ((rows - centre_row) * squash) ** 2 + ((columns - centre_column) / squash) ** 2
        hill = torch.exp(-distance2 / (2 * radius**2)) + bend - HALF_HEIGHT
        shape = torch.sigmoid(hill * EDGE_STEEPNESS) * (distance2 < REACH_RADII**2 * radius**2)
        sign = torch.where(torch.rand(batch, 1, 1) < BRIGHT_SHARE, 1.0, -1.0)
        present = torch.rand(batch, 1, 1) < PRESENT_SHARE
        share = LEAST_CONTRAST + (1 - LEAST_CONTRAST) * torch.rand(batch, 1, 1)
        total += shape * (sign * present * contrast * share).to(device)
    return total[:, None]
