"""What every format's header has to say, so that its voxels can be read and placed: one record for all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nibabel.affines import voxel_sizes

from uad_core.io.limits import (
    EXPORT_AGAIN,
    MAX_AXIS,
    MAX_ORIGIN_MM,
    SPACING_RANGE,
    is_plausible,
    is_sheared,
    is_too_large,
    thick_slices,
)
from uad_core.io.volume import ScanError, SourceGrid


@dataclass(frozen=True, eq=False)
class ImageHeader:
    """What is needed to read the voxels and to place them."""

    shape: tuple[int, int, int]  # voxels along the file's axes i, j, k; i runs fastest
    dtype: np.dtype[Any]  # of one stored voxel, byte order included
    offset: int  # bytes in front of the first voxel
    grid: SourceGrid  # where the voxels lie
    notes: tuple[str, ...]  # sentences about what was tolerated
    slope: float = 1.0
    intercept: float = 0.0  # value = slope * stored + intercept
    size: int = 0  # of NIfTI: bytes of the header itself; the four bytes behind it announce extensions
    integer: str = "<i4"  # of NIfTI: type of the header's own numbers, byte order included

    @property
    def voxels(self) -> int:
        return math.prod(self.shape)

    @property
    def end(self) -> int:
        """Bytes of the file up to the last voxel."""
        return self.offset + self.voxels * self.dtype.itemsize


def one_volume(sizes: Sequence[int]) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """The numbers of voxels of the one 3-D volume that an image of `sizes` is. Raises ScanError: dims."""
    if not sizes or min(sizes) < 1:
        raise ScanError("dims", f"The header states impossible dimensions. {EXPORT_AGAIN}")
    extra = math.prod(sizes[3:])
    if extra > 1 and sizes[2] == 1 and min(sizes[:2]) > 1:
        elsewhere = f"The header has {extra} images of one slice each, as where slices were stored as points in time."
        raise ScanError("dims", f"{elsewhere} Save them as one 3-D volume, for instance with fslmerge -z.")
    if extra > 1:
        raise ScanError("dims", f"The file holds {extra} volumes. One 3-D volume is needed: give one of them.")
    if len(sizes) < 3 or min(sizes[:3]) < 2:
        raise ScanError("dims", "The file holds a single slice. One 3-D volume is needed.")
    if is_too_large(sizes[:3]):
        limits = f"512 x 512 x 512 voxels, and {MAX_AXIS} along one axis"
        raise ScanError("dims", f"The volume is too large: at most {limits}, are read. Crop or resample it.")
    squeezed = "The header states more than three axes; those of a single voxel were dropped."
    return (sizes[0], sizes[1], sizes[2]), (squeezed,) if len(sizes) > 3 else ()


def placed(shape: tuple[int, int, int], affine: np.ndarray) -> tuple[SourceGrid, tuple[str, ...]]:
    """The grid of a format that states one (4, 4) transform in mm, and what is doubtful in it.

    Raises ScanError: bad_affine, bad_spacing.
    """
    with np.errstate(all="ignore"):  # numbers that overflow become infinite and are rejected
        check_one_to_one(affine)
        if not is_plausible(voxel_sizes(affine)):
            limits = f"each side must measure {SPACING_RANGE}. {EXPORT_AGAIN}"
            raise ScanError("bad_spacing", f"The header states an impossible voxel size: {limits}")
        if np.abs(affine).max() > MAX_ORIGIN_MM:
            raise ScanError("bad_affine", f"The header puts the voxels impossibly far away. {EXPORT_AGAIN}")
        single = np.eye(4)
        single[:3] = affine[:3].astype(np.float32)  # as a NIfTI result on this grid stores it
    return SourceGrid(shape, single), grid_doubts(single)


def check_one_to_one(affine: np.ndarray) -> None:
    """Raises ScanError (bad_affine) unless `affine` maps voxels to places one to one, whatever the unit."""
    if not is_one_to_one(affine):
        raise ScanError("bad_affine", f"The header does not say where the voxels lie in space. {EXPORT_AGAIN}")


def is_one_to_one(affine: np.ndarray) -> bool:
    """Whether a (4, 4) affine is finite, and its cell no flat one."""
    volume = float(np.prod(voxel_sizes(affine)))
    # The volume of the cell over that of a box of the same edges: 1 for orthogonal axes, 0 for a flat cell.
    return bool(np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 0.1 * volume > 0)


def grid_doubts(affine: np.ndarray) -> tuple[str, ...]:
    """Notes on the shape of the voxels."""
    sheared = "The voxel axes are not at right angles: some viewers refuse the scan and results on it."
    return (*([sheared] if is_sheared(affine) else []), *thick_slices(affine))
