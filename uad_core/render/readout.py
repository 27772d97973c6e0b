"""The values of the scan's own file under the pixels of a picture, for a viewer that reads them out."""

from typing import NamedTuple

import numpy as np

from uad_core.preprocess import Prepared
from uad_core.render.planes import Plane, cut
from uad_core.render.png import encode
from uad_core.render.slices import crop_box

STEPS = 2**16 - 1
BEYOND = 255  # in the third channel: no voxel of the file lies there


class FileValues(NamedTuple):
    """A PNG of a picture's shape: a pixel's first two channels are a number n, its value is `low + n * step`.

    `step` is 1 where the file holds whole numbers: then the values are exact, else to 1/65535 of their range.
    """

    png: bytes
    low: float
    step: float


def file_values(prepared: Prepared, plane: Plane, index: int, box_of: Prepared | None = None) -> FileValues:
    """Of slice `index` of the slab in `plane`, cropped as `scan_view` and `plane_views` crop it, or crop `box_of`.

    A value is that of the nearest voxel of the file, as it was read: before shading was evened out, before denoising.
    """
    rows, columns = crop_box((box_of or prepared).brain_mask)
    start, shape = (0, rows.start, columns.start), prepared.array[:, rows, columns].shape
    axes = (np.broadcast_to(axis, shape) for axis in np.ogrid[tuple(slice(0, n) for n in shape)])
    voxels = np.stack([cut(axis, plane, index) for axis in axes], axis=-1) + start
    scan, to_scan = prepared.scan, prepared.transform @ prepared.slab.to_world
    found = np.rint((scan.to_world.inverse @ to_scan).apply(voxels)).astype(np.intp)
    inside = ((found >= 0) & (found < scan.array.shape)).all(axis=-1)
    values = np.zeros(inside.shape)
    values[inside] = scan.array[tuple(found[inside].T)]
    return _packed(values, inside)


def _packed(values: np.ndarray, inside: np.ndarray) -> FileValues:
    held = values[inside]
    low, high = (float(held.min()), float(held.max())) if held.size else (0.0, 0.0)
    whole = high - low <= STEPS and np.array_equal(held, np.rint(held))
    step = 1.0 if whole or high == low else (high - low) / STEPS
    number = np.where(inside, np.rint((values - low) / step), 0).astype(np.uint16)
    channels = (number >> 8, number & 255, np.where(inside, 0, BEYOND))
    return FileValues(encode(np.stack(channels, axis=-1).astype(np.uint8)), low, step)
