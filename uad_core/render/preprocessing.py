"""Pictures of the preparation's stages in three planes through one place of the body, whatever grid a view has."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from uad_core.preprocess.step_images import StepView
from uad_core.render.colours import TRUTH_COLOUR
from uad_core.render.overlays import grey_png, overlay_png
from uad_core.render.planes import PLANES, Plane, cut, pixel_of, place

Place = tuple[float, float, float]  # atlas world mm
FIRST_PLACE: Place = (-106.0, 121.0, 84.0)  # where to open: left of the midline, through ventricle and deep grey matter

RIM_MM = 0.9  # of an outline: seen, and hides little


class StagePicture(NamedTuple):
    """PNGs of one plane of a view, and where the place lies in it: (column, row), in pixels of `picture`."""

    picture: bytes
    outline: bytes | None
    cross: tuple[float, float]


def stage_picture(view: StepView, plane: Plane, at: Place) -> StagePicture:
    """The slice of `view` in `plane` through `at`, or the nearest one; pixels are made square."""
    voxel, pixel_mm = nearest_voxel(view, at), _pixel_mm(view, plane)
    index = voxel[PLANES.index(plane)]
    picture = grey_png(cut(view.array, plane, index), 255.0, pixel_mm)
    outline = None
    if view.outline is not None:
        rim = _rim(cut(view.outline, plane, index), pixel_mm)
        outline = overlay_png(rim, opacity=1.0, colour=TRUTH_COLOUR)
    column, row = pixel_of(view.array.shape, plane, voxel)
    tall, wide = _enlarged(pixel_mm)
    return StagePicture(picture, outline, ((column + 0.5) * wide - 0.5, (row + 0.5) * tall - 0.5))


def nearest_voxel(view: StepView, at: Place) -> tuple[int, int, int]:
    """(d, h, w) of the voxel of `view` that is nearest to a place."""
    exact = view.to_atlas.inverse.apply(at)
    d, h, w = (int(np.clip(round(float(x)), 0, size - 1)) for x, size in zip(exact, view.array.shape, strict=True))
    return d, h, w


def moved_to_slice(view: StepView, plane: Plane, at: Place, index: int) -> Place:
    """The place `at`, moved to slice `index` of `view` in `plane`."""
    return _moved(view, at, {PLANES.index(plane): index})


def moved_to_pixel(view: StepView, plane: Plane, at: Place, column: int, row: int) -> Place:
    """The place that a pixel of `stage_picture(view, plane, at)` shows."""
    tall, wide = _enlarged(_pixel_mm(view, plane))
    return _moved(view, at, place(view.array.shape, plane, int(column / wide), int(row / tall)))


def _rim(mask: np.ndarray, pixel_mm: tuple[float, float]) -> np.ndarray:
    """The rim of a (rows, columns) bool mask on square pixels, about `RIM_MM` thick whatever the mask's own are."""
    shares = zip(mask.shape, _enlarged(pixel_mm), strict=True)
    rows, columns = ((np.arange(round(size * scale)) / scale).astype(int) for size, scale in shares)
    square: np.ndarray = mask[np.ix_(rows, columns)]
    inner = ndimage.binary_erosion(square, iterations=max(1, round(RIM_MM / min(pixel_mm))), border_value=1)
    rim: np.ndarray = square & ~inner
    return rim


def _moved(view: StepView, at: Place, indices: dict[int, int]) -> Place:
    exact = view.to_atlas.inverse.apply(at)
    for axis, index in indices.items():
        exact[axis] = index
    x, y, z = view.to_atlas.apply(exact)
    return float(x), float(y), float(z)


def _pixel_mm(view: StepView, plane: Plane) -> tuple[float, float]:
    """Height and width of a pixel."""
    depth, height, width = view.spacing_mm
    return {"axial": (height, width), "coronal": (depth, width), "sagittal": (depth, height)}[plane]


def _enlarged(pixel_mm: tuple[float, float]) -> tuple[float, float]:
    """Rows and columns of a picture for each of its slice."""
    return pixel_mm[0] / min(pixel_mm), pixel_mm[1] / min(pixel_mm)
