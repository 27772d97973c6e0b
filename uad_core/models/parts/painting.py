"""Anomalies painted into healthy slices, to be found again: of any size, shape and place, bright and dark.

A stack is a slice with some of its scan's other levels as channels, (B, C, H, W); what is painted is solid, so that it
shows in the neighbours as far as it reaches. Some places are uniform over the brain; the others lie as lesions
do, by the ventricles or under the cortex. Half of the shapes keep to tissue of one grey, as an infarct of cortex and a
plaque of white matter do. No lesion mask is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

TISSUE_ABOVE = 0.3  # normalised grey: fluid is darker
LEAST_SD = 0.04  # of tissue, in normalised grey: contrasts are counted in sd of the slice's tissue
DARKEST = 0.8  # share of its grey that a dark anomaly takes
COARSE = 4  # pixels: places are drawn on a grid of them
NOISE_CELLS = (6, 14, 32, 64)  # of the noises that bend outlines; a large shape is bent by a coarse one
DEEP_PX, RIM_PX = 25, 13  # from the brain's edge: ventricles lie deeper than one, the cortex within the other


@dataclass(frozen=True)
class PaintConfig:
    """What is drawn. Ranges are (least, most)."""

    count: int = 5  # in a slice at most
    present: float = 0.55  # probability of each; of five, one slice in 54 stays healthy
    healthy: float = 0.1  # share of the slices that stay so whatever is drawn
    radius_px: tuple[float, float] = (1.3, 34.0)  # log-uniform
    contrast_sd: tuple[float, float] = (0.8, 7.0)  # log-uniform, in sd of the tissue
    bright: float = 0.85  # share; the others are dark
    places: tuple[float, float, float] = (0.35, 0.45, 0.2)  # shares: anywhere, by the ventricles, under the cortex
    mirrored: float = 0.2  # share of the slices whose anomalies come in pairs, left and right, as those of MS may


@dataclass(frozen=True)
class _Shapes:
    """One anomaly a slice: each (B, 1, 1, 1)."""

    row: Tensor
    column: Tensor
    radius: Tensor


def paint(stack: Tensor, levels: Sequence[int], config: PaintConfig) -> Tensor:
    """(B, C, H, W) to be added to a `stack` in [0, 1] whose channels lie at `levels`, relative to the first; px, mm."""
    middle = stack[:, :1]
    total = torch.zeros_like(stack)
    noises = [_noise(middle, cells) for cells in NOISE_CELLS]
    places = _places(middle, config)
    sd = tissue_sd(middle)
    heights = torch.tensor(levels, dtype=stack.dtype, device=stack.device)[None, :, None, None]
    healthy = _chance(middle, config.healthy)
    for index in range(config.count):
        row, column = (part[:, index, None, None, None] for part in places)
        shape = _Shapes(row, column, _log_uniform(middle, config.radius_px))
        body = _body(stack, heights, shape, noises) * _keeps_to_tissue(stack, shape, sd)
        sign = torch.where(_chance(middle, config.bright), 1.0, -1.0)
        size = sign * _log_uniform(middle, config.contrast_sd) * sd * (_chance(middle, config.present) & ~healthy)
        texture = 1 + 0.3 * _uniform(middle) * noises[index % len(noises)]
        change = size * body * texture
        total = torch.where(change.abs() > total.abs(), change, total)
    both = _chance(middle, config.mirrored)
    other = functional.avg_pool2d(total.flip(3), 3, 1, 1) * (0.6 + 0.5 * _uniform(middle))
    total = torch.where(both & (other.abs() > total.abs()), other, total)
    return torch.where(stack > 0, torch.maximum(total.clamp(max=1.5), -DARKEST * stack), 0)


def tissue_sd(slices: Tensor) -> Tensor:
    """(B, 1, 1, 1) standard deviation of the tissue of (B, 1, H, W) slices, at least `LEAST_SD`."""
    tissue = (slices > TISSUE_ABOVE).to(slices.dtype)
    count = tissue.sum((1, 2, 3), keepdim=True).clamp(min=1)
    mean = (slices * tissue).sum((1, 2, 3), keepdim=True) / count
    return (((slices - mean) * tissue).square().sum((1, 2, 3), keepdim=True) / count).sqrt().clamp(min=LEAST_SD)


def _body(stack: Tensor, heights: Tensor, shape: _Shapes, noises: Sequence[Tensor]) -> Tensor:
    """(B, C, H, W) in [0, 1]: a bent ellipsoid with a soft edge."""
    middle = stack[:, :1]
    rows = torch.arange(stack.shape[2], device=stack.device, dtype=stack.dtype)[:, None] - shape.row
    columns = torch.arange(stack.shape[3], device=stack.device, dtype=stack.dtype)[None, :] - shape.column
    angle, stretch = torch.pi * _uniform(middle), torch.exp(1.2 * _uniform(middle) - 0.6)
    along = (rows * angle.cos() + columns * angle.sin()) * stretch
    across = (columns * angle.cos() - rows * angle.sin()) / stretch
    off = 0.5 * shape.radius * (2 * _uniform(middle) - 1)  # the slice need not cut it in the middle
    upright = (heights - off) * torch.exp(0.8 * _uniform(middle) - 0.4)
    distance = (along.square() + across.square() + upright.square() - off.square()).clamp(min=0).sqrt() / shape.radius
    coarse = (shape.radius.log2().clamp(0.5, 4.49) - 0.5).long()  # radii of 1.4 to 22 px onto the four noises
    bend = torch.stack(list(noises), 1).gather(1, (3 - coarse)[..., None].expand(-1, 1, 1, *stack.shape[2:]))[:, 0]
    distance = distance * (1 + 0.6 * _uniform(middle) * bend).clamp(min=0.2)
    soft = torch.where(shape.radius > 2, 0.02 + 0.2 * _uniform(middle), 0.13)
    return torch.sigmoid((1 - distance) / soft)


def _keeps_to_tissue(stack: Tensor, shape: _Shapes, sd: Tensor) -> Tensor:
    """(B, C, H, W) in [0, 1]: for half of the slices, how alike the grey is to that at the anomaly's middle."""
    index = (shape.row.long() * stack.shape[3] + shape.column.long())[:, 0, 0]
    grey = stack[:, 0].flatten(1).gather(1, index)[..., None, None]
    alike = torch.exp(-0.5 * ((stack - grey) / (1.2 * sd)).square())
    return torch.where(_chance(sd, 0.5), alike, 1.0)


def _places(middle: Tensor, config: PaintConfig) -> tuple[Tensor, Tensor]:
    """Rows and columns, (B, count) each: uniform over the brain, by the ventricles, or under the cortex."""
    grid = functional.avg_pool2d(middle, COARSE)
    brain = (grid > 0).to(middle.dtype)
    fluid = (brain - functional.avg_pool2d((middle > TISSUE_ABOVE).to(middle.dtype), COARSE)).clamp(min=0)
    deep, inner = (_pool(brain, px // COARSE) > 0.999 for px in (DEEP_PX, RIM_PX))
    by_ventricle = _pool(fluid * deep, 2) * brain
    under_cortex = (brain.bool() & ~inner).to(middle.dtype) * (fluid < 0.5)
    weights = [part / part.sum((1, 2, 3), keepdim=True).clamp(min=1e-6) for part in (brain, by_ventricle, under_cortex)]
    mixed = torch.stack([share * weight for share, weight in zip(config.places, weights, strict=True)]).sum(0)
    drawn = torch.multinomial(mixed.flatten(1) + 1e-9, config.count, replacement=True)
    jitter = torch.randint(0, COARSE, (2, *drawn.shape), device=middle.device)
    width = grid.shape[3]
    return (drawn // width) * COARSE + jitter[0], (drawn % width) * COARSE + jitter[1]


def _pool(values: Tensor, reach: int) -> Tensor:
    """The mean over a square that reaches so far each way; what lies beyond the border counts as 0."""
    return functional.avg_pool2d(values, 2 * reach + 1, 1, reach)


def _noise(middle: Tensor, cells: int) -> Tensor:
    """(B, 1, H, W) smooth noise of about unit variance, at most 2 in size."""
    drawn = torch.randn(len(middle), 1, cells, cells, device=middle.device, dtype=middle.dtype)
    grown = functional.interpolate(drawn, middle.shape[2:], mode="bilinear", align_corners=True)
    return (1.4 * grown).clamp(-2, 2)  # interpolation averages


def _uniform(like: Tensor) -> Tensor:
    return torch.rand(len(like), 1, 1, 1, device=like.device, dtype=like.dtype)


def _chance(like: Tensor, share: float) -> Tensor:
    return _uniform(like) < share


def _log_uniform(like: Tensor, between: tuple[float, float]) -> Tensor:
    low, high = (torch.tensor(value).log() for value in between)
    return torch.exp(low + (high - low) * _uniform(like))
