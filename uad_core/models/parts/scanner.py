"""A scanner drawn at random for each healthy slice: what a model sees in training is wider than any hospital's.

Billot et al., Med Image Anal 86 (2023) 102789 (domain randomisation). First what is not linear, on the healthy image
(`recontrast`), then what is, alike on the image and on what was painted into it (`RandomScanner`): a stack is a slice
with some of its scan's other levels as channels, (B, C, H, W).
"""

import torch
from torch import Tensor
from torch.nn import functional

TISSUE = 0.5  # where tissue lies after normalisation
CURVE_POINTS = 256  # of a drawn grey curve over [0, 1]


def move(stack: Tensor) -> Tensor:
    """The (B, C, H, W) stack a little turned, scaled and shifted: registration is never exact."""
    count, device = len(stack), stack.device
    angle, scale = 0.07 * torch.randn(count, device=device), torch.exp(0.06 * torch.randn(2, count, device=device))
    shift = 0.03 * torch.randn(2, count, device=device)
    rows = torch.stack([angle.cos() * scale[0], -angle.sin() * scale[1], shift[0]], 1)
    columns = torch.stack([angle.sin() * scale[0], angle.cos() * scale[1], shift[1]], 1)
    grid = functional.affine_grid(torch.stack([rows, columns], 1), list(stack.shape), align_corners=False)
    inside = functional.grid_sample((stack > 0).to(stack.dtype), grid, align_corners=False)
    moved = functional.grid_sample(stack, grid, align_corners=False)
    return torch.where(inside > 0.5, moved / inside.clamp(min=0.5), 0)


def recontrast(stack: Tensor) -> Tensor:
    """The stack through a rising curve of its own, (B, C, H, W) in [0, 1]: gamma, and a bent line; 0 stays 0."""
    count, device = len(stack), stack.device
    grey = torch.linspace(0, 1, CURVE_POINTS, device=device)[None].repeat(count, 1)
    gamma = torch.exp(0.9 * torch.rand(count, 1, device=device) - 0.45)
    knots = torch.exp(0.35 * torch.randn(count, 1, 8, device=device))
    steps = functional.interpolate(knots, CURVE_POINTS - 1, mode="linear", align_corners=True)[:, 0]
    bent = torch.cat([torch.zeros(count, 1, device=device), steps.cumsum(1)], 1)
    bent = bent / bent[:, -1:]
    share = 0.7 * torch.rand(count, 1, device=device)
    curve = (1 - share) * grey + share * bent
    middle = curve[:, CURVE_POINTS // 2, None]  # tissue stays where normalisation puts it
    curve = TISSUE * (curve / middle).pow(gamma)
    index = (stack.clamp(0, 1) * (CURVE_POINTS - 1)).flatten(1)
    below = index.floor().clamp(max=CURVE_POINTS - 2)
    low, high = (curve.gather(1, (below + step).long()) for step in (0, 1))
    found = (low + (high - low) * (index - below)).view_as(stack)
    return torch.where(stack > 0, found.clamp(1e-3, 1), 0)


class RandomScanner:
    """The linear part of one drawn scanner, and its noise, for a batch of stacks shaped like `stack`."""

    def __init__(self, stack: Tensor) -> None:
        count, self._device = len(stack), stack.device
        self._coarse = self._draw(count) < 0.35
        self._size = [max(8, int(edge * (0.4 + 0.6 * torch.rand(()).item()))) for edge in stack.shape[2:]]
        self._thick = torch.where(self._draw(count) < 0.5, self._draw(count) / 3, 0.0)
        self._sharp = torch.where(self._draw(count) < 0.6, 2.2 * self._draw(count) - 0.8, 0.0)
        self._ghost = torch.where(self._draw(count) < 0.15, 0.06 * self._draw(count), 0.0)
        self._shift = int(torch.randint(stack.shape[2] // 5, stack.shape[2] // 2, ()).item())
        cells = int(torch.randint(3, 6, ()).item())
        field = torch.randn(count, 1, cells, cells, device=self._device)
        field = functional.interpolate(field, stack.shape[2:], mode="bicubic", align_corners=True)
        level = torch.exp(0.03 * torch.randn(count, 1, 1, 1, device=self._device))
        self._shading = level * torch.exp((0.12 * self._draw(count) * field).clamp(-0.4, 0.4))
        self._noise = torch.where(self._draw(count) < 0.7, 0.03 * self._draw(count), 0.0)

    def __call__(self, image: Tensor) -> Tensor:
        """(B, C, H, W) as this scanner sees it, without noise; linear."""
        small = functional.interpolate(image, self._size, mode="area")
        again = functional.interpolate(small, image.shape[2:], mode="bilinear", align_corners=False)
        image = torch.where(self._coarse, again, image)
        if image.shape[1] > 1:  # a thick slice shares with its neighbours, which share with it
            mean = image[:, 1:].mean(1, keepdim=True)
            mixed = torch.cat([image[:, :1] + 2 * self._thick * (mean - image[:, :1]),
                               image[:, 1:] + self._thick * (image[:, :1] - image[:, 1:])], 1)  # fmt: skip
            image = mixed
        image = image + self._sharp * (image - functional.avg_pool2d(image, 3, 1, 1))
        image = image + self._ghost * image.roll(self._shift, 2)
        return image * self._shading

    def noise(self, image: Tensor) -> Tensor:
        """(B, C, H, W) to be added."""
        return self._noise * torch.randn_like(image)

    def _draw(self, count: int) -> Tensor:
        return torch.rand(count, 1, 1, 1, device=self._device)
