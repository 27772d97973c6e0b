"""A bright lesion of known size, with a soft and uneven edge, as the voxels of any scan would have it."""

from dataclasses import dataclass
from math import pi

import numpy as np
from scipy import ndimage

EDGE = 0.12  # softness of the edge, of the radius, at least `LEAST_EDGE_MM`
LEAST_EDGE_MM = 0.6
UNEVEN = 0.2  # standard deviation of the radius over the surface, as a share
FITTED = 6  # steps to the radius at which the volume is right
FINE_MM = 1.5  # voxels longer than this are averaged over finer ones, as a thick slice averages what lies in it


@dataclass(frozen=True)
class VoxelGrid:
    """The shape of a grid (D, H, W), and the size of its voxels along each axis in mm."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


def radius_of(volume_mm3: float) -> float:
    """Of the ball of that volume, in mm."""
    return (3 * volume_mm3 / (4 * pi)) ** (1 / 3)


def soft_lesion(
    grid: VoxelGrid, centre: np.ndarray, volume_mm3: float, rng: np.random.Generator
) -> tuple[tuple[slice, ...], np.ndarray]:
    """Where a lesion around `centre`, (3,) voxels of the grid, lies, and how much of each voxel there it takes.

    Returns the box, three slices, and a float32 array of the box's shape in [0, 1]; times a voxel's volume it sums up
    to `volume_mm3`.
    """
    radius = radius_of(volume_mm3)
    edge = max(EDGE * radius, LEAST_EDGE_MM)
    reach = 1.6 * radius + 4 * edge
    spacing = grid.spacing_mm
    box = tuple(
        slice(max(int(c - reach / s), 0), min(int(c + reach / s) + 2, n))
        for c, s, n in zip(centre, spacing, grid.shape, strict=True)
    )
    fine = [max(round(s / FINE_MM), 1) for s in spacing]
    lines = [(np.arange(part.start * k, part.stop * k) + 0.5) / k - 0.5 for part, k in zip(box, fine, strict=True)]
    offsets = [(line - c) * s for line, c, s in zip(lines, centre, spacing, strict=True)]
    distance = np.sqrt(sum(offset**2 for offset in np.ix_(*offsets)))
    fine_spacing = tuple(s / k for s, k in zip(spacing, fine, strict=True))
    fine_mm3 = float(np.prod(fine_spacing))
    bumps = _bumps(rng, distance.shape, fine_spacing, radius)
    distance = distance * (1 + UNEVEN * np.clip(bumps, -2, 2))
    half_mm = radius  # where half of a voxel is lesion: less than the radius, since the edge reaches outwards
    for _ in range(FITTED):
        share = 1 / (1 + np.exp(np.clip((distance - half_mm) / edge, -30, 30)))
        half_mm *= (volume_mm3 / (float(share.sum()) * fine_mm3)) ** (1 / 3)
    for axis, k in enumerate(fine):
        before, here, after = share.shape[:axis], share.shape[axis], share.shape[axis + 1 :]
        share = share.reshape(*before, here // k, k, *after).mean(axis=axis + 1)
    return box, share.astype(np.float32)


def _bumps(
    rng: np.random.Generator, shape: tuple[int, ...], spacing_mm: tuple[float, ...], radius_mm: float
) -> np.ndarray:
    """(D, H, W) noise of unit variance that varies over about a radius."""
    coarse = [int(n * s / max(radius_mm, 6)) + 4 for n, s in zip(shape, spacing_mm, strict=True)]
    scale = [n / c for n, c in zip(shape, coarse, strict=True)]
    wide: np.ndarray = ndimage.zoom(rng.normal(size=coarse), scale, order=1)
    return wide[tuple(slice(n) for n in shape)]
