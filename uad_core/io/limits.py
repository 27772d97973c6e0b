"""What a scan may measure, whatever kind of file it comes in, and the sentences that say so."""

import math
from collections.abc import Sequence

import numpy as np
from nibabel.affines import voxel_sizes

MAX_BYTES = 512 * 1024**2  # of a file or an upload, inflated
MAX_AXIS = 2048
MAX_VOXELS = 512**3
MAX_VALUE = 1e12  # squares and their sums over a volume stay normal numbers in float32
MIN_SPACING_MM, MAX_SPACING_MM = 0.05, 20.0
SPACING_RANGE = f"{MIN_SPACING_MM:g} to {MAX_SPACING_MM:g} mm"
MAX_ORIGIN_MM = 1e5  # float32, the type of the header's fields, resolves 0.01 mm there
MAX_SHEAR = 1e-3  # cosine between two axes; over a head of 200 mm that is 0.2 mm
MAX_ANISOTROPY = 3.0

EXPORT_AGAIN = "Export the scan again from where it came."
EMPTY = "The file is empty. Copy or download it again."


def is_too_large(sizes: Sequence[int]) -> bool:
    """Whether a volume of these numbers of voxels is more than is read."""
    return max(sizes) > MAX_AXIS or math.prod(sizes) > MAX_VOXELS


def is_plausible(spacing_mm: np.ndarray | float) -> bool:
    """Whether every side of a voxel lies within the range of scanners."""
    return bool(np.all((np.asarray(spacing_mm) >= MIN_SPACING_MM) & (np.asarray(spacing_mm) <= MAX_SPACING_MM)))


def is_sheared(affine: np.ndarray) -> bool:
    """Whether two voxel axes of a (4, 4) affine are not orthogonal."""
    axes = affine[:3, :3] / voxel_sizes(affine)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() > MAX_SHEAR)


def thick_slices(affine: np.ndarray) -> tuple[str, ...]:
    """A note where the voxels of a (4, 4) affine are far longer one way than another."""
    shortest, longest = np.sort(voxel_sizes(affine))[[0, -1]]
    if longest <= MAX_ANISOTROPY * shortest:
        return ()
    sizes = f"Thick slices: voxels measure {longest:.1f} mm one way and {shortest:.1f} mm another."
    return (f"{sizes} What is smaller than a slice is blurred or missed.",)
