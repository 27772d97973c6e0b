"""A brain-like body given by a formula in atlas millimetres, so that any grid can look at it exactly."""

from __future__ import annotations

import numpy as np

from uad_core.io.volume import Volume

CENTRE = np.array([-119.5, 120.0, 72.0])  # atlas world mm, the middle of SRI24's brain
RADII = np.array([66.0, 84.0, 62.0])
BLOBS = (  # centre relative to CENTRE, radii, grey value; nothing is mirror-symmetric
    ((-12.0, 10.0, 8.0), (8.0, 26.0, 10.0), 20.0),
    ((14.0, 4.0, 8.0), (7.0, 30.0, 12.0), 25.0),
    ((0.0, -40.0, -30.0), (30.0, 18.0, 16.0), 130.0),
    ((35.0, 25.0, 20.0), (14.0, 10.0, 9.0), 150.0),
    ((-30.0, -20.0, 30.0), (10.0, 16.0, 8.0), 70.0),
    ((-38.0, 35.0, -8.0), (12.0, 12.0, 16.0), 140.0),
)


def value_at(points: np.ndarray) -> np.ndarray:
    """(..., 3) atlas world mm -> grey value, 0 outside the body."""
    local = points - CENTRE
    value = np.where(((local / RADII) ** 2).sum(-1) <= 1, 100.0, 0.0)
    for centre, radii, grey in BLOBS:
        value[(((local - np.array(centre)) / np.array(radii)) ** 2).sum(-1) <= 1] = grey
    return value


def scanned(affine: np.ndarray, shape: tuple[int, int, int], to_atlas: np.ndarray | None = None) -> Volume:
    """The body on a canonical grid: `affine` voxel -> scan world, `to_atlas` scan world -> atlas world."""
    voxels = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    matrix = (np.eye(4) if to_atlas is None else to_atlas) @ affine
    points = voxels @ matrix[:3, :3].T + matrix[:3, 3]
    return Volume.from_canonical(value_at(points).astype(np.float32), affine)


def grid(spacing_mm: tuple[float, float, float], corner: tuple[float, float, float]) -> np.ndarray:
    """(4, 4) of a canonical grid without obliquity: spacing along D, H, W, and the world place of voxel 0."""
    depth, height, width = spacing_mm
    return np.array(
        [[0, 0, -width, corner[0]], [0, -height, 0, corner[1]], [depth, 0, 0, corner[2]], [0, 0, 0, 1]], dtype=float
    )


ATLAS_LIKE = grid((2, 2, 2), (-40.0, 215.0, 0.0)), (75, 96, 80)
