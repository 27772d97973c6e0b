"""A head and its mask for a viewer in 3-D: NIfTI of the brain's box alone, and points in millimetres of the atlas."""

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import encode_nifti
from uad_core.io.volume import Volume
from uad_core.preprocess import Prepared
from uad_core.render.slices import crop_box
from uad_core.render.views import Voxel, seen_in

Point = tuple[float, float, float]  # atlas mm, to the right, to the front, upwards
GREYS = 255  # enough for the eye


def head_nifti(whole: Prepared) -> bytes:
    """The brain of a prepared scan as `.nii.gz` in atlas space; 255 is 1.0 of normalised intensity."""
    return _encoded(whole, (GREYS * np.clip(whole.array, 0, 1)).astype(np.uint8))


def mask_nifti(whole: Prepared, mask: np.ndarray, slab: Slab) -> bytes:
    """A (D, 256, 256) mask of `slab` on the grid of `head_nifti`."""
    return _encoded(whole, seen_in(whole, mask, slab)[0])


def outline_nifti(whole: Prepared, mask: np.ndarray) -> bytes:
    """The outermost voxels of a mask of all levels, likewise: in each plane a line around it."""
    return _encoded(whole, mask & ~ndimage.binary_erosion(mask))


def to_mm(whole: Prepared, voxel: Voxel) -> Point:
    """Where the middle of a voxel of `whole` lies."""
    x, y, z = whole.slab.to_world.apply(voxel)
    return float(x), float(y), float(z)


def voxel_at(whole: Prepared, place: Point) -> Voxel:
    """The voxel of `whole` at a point, or the nearest where the point lies beyond."""
    found = whole.slab.to_world.inverse.apply(place)
    d, h, w = (round(min(max(float(at), 0), n - 1)) for at, n in zip(found, whole.array.shape, strict=True))
    return d, h, w


def _encoded(whole: Prepared, array: np.ndarray) -> bytes:
    rows, columns = crop_box(whole.brain_mask)
    to_world = whole.slab.to_world @ AffineTransform.shift(0, rows.start, columns.start)
    cut = np.ascontiguousarray(array[:, rows, columns])
    return encode_nifti(cut, Volume.from_canonical(cut, to_world.matrix))
