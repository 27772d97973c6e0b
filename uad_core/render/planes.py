"""Slices of a volume in three planes, as pictures for a viewer that does windowing and marks itself.

(D, H, W) arrays are canonical, so axial slices are shown as they are; coronal and sagittal ones are turned upside down,
the crown on top. Columns run from the patient's right to left, or from anterior to posterior.
"""

from typing import Literal

import numpy as np

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")


def cut(array: np.ndarray, plane: Plane, index: int) -> np.ndarray:
    """Slice `index` of a (D, H, W) array as it is shown: (H, W), (D, W) or (D, H), row 0 on top."""
    axis = PLANES.index(plane)
    picture = np.take(array, index, axis=axis)
    return picture if axis == 0 else picture[::-1]


def pixel_of(shape: tuple[int, ...], plane: Plane, voxel: tuple[int, int, int]) -> tuple[int, int]:
    """The (column, row) of `cut` that shows a voxel (d, h, w) of (D, H, W) `shape`."""
    upside_down, h, w = shape[0] - 1 - voxel[0], voxel[1], voxel[2]
    return {"axial": (w, h), "coronal": (w, upside_down), "sagittal": (h, upside_down)}[plane]


def place(shape: tuple[int, ...], plane: Plane, column: int, row: int) -> dict[int, int]:
    """Which voxel a pixel of `cut` shows: axis (0 D, 1 H, 2 W) -> index, within (D, H, W) `shape`."""
    depth, height, width = shape
    rows, columns = {"axial": (1, 2), "coronal": (0, 2), "sagittal": (0, 1)}[plane]
    down = row if plane == "axial" else depth - 1 - row
    limits = (depth, height, width)
    return {axis: min(max(at, 0), limits[axis] - 1) for axis, at in ((rows, down), (columns, column))}
