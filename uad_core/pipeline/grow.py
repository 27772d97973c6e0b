"""A region grown from one voxel: what looks like it and hangs together with it."""

import numpy as np
from scipy import ndimage

from uad_core.pipeline.edits import voxels_of
from uad_core.preprocess import Prepared

REACH_MM = 20  # from the voxel, at most
LEAST_STEP = 0.05  # of normalised intensity: what stands out less from its surroundings is not grown


def grown(prepared: Prepared, voxel: tuple[int, int, int]) -> np.ndarray:
    """(D, 256, 256) bool: the connected voxels whose grey lies nearer to the voxel's than to its surroundings'.

    The grey of the voxel (d, h, w) is the median of it and its neighbours in plane, that of its surroundings the median
    of the brain within `REACH_MM`. Empty where the two hardly differ, or the voxel lies outside the brain.
    """
    picture, brain = prepared.array, prepared.brain_mask
    found = np.zeros_like(brain)
    if not brain[voxel]:
        return found
    low = [max(at - REACH_MM, 0) for at in voxel]
    box = tuple(slice(first, at + REACH_MM + 1) for first, at in zip(low, voxel, strict=True))
    values, inside = picture[box], brain[box]
    at = tuple(place - first for place, first in zip(voxel, low, strict=True))
    offsets = np.ogrid[tuple(slice(-place, length - place) for place, length in zip(at, values.shape, strict=True))]
    ball = inside & (sum(offset**2 for offset in offsets) <= REACH_MM**2)
    depth, row, column = voxel
    plane = (depth, slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
    own = float(np.median(picture[plane][brain[plane]]))
    around = float(np.median(values[ball]))
    if abs(own - around) < LEAST_STEP:
        return found
    half = (own + around) / 2
    alike = ball & ((values >= half) if own > around else (values <= half))
    alike[at] = True
    labels, _ = ndimage.label(alike)
    found[box] = labels == labels[at]
    return found


def grown_voxels(prepared: Prepared, voxel: tuple[int, int, int]) -> np.ndarray:
    """(N,) int32: `grown` as places in the whole brain's grid."""
    return voxels_of(grown(prepared, voxel), prepared.slab)
