"""A scan as an immutable value, in one orientation, with the way back to the file it came from.

Terms used everywhere in this project:

    D, H, W      axial slices, rows, columns, in that order; batches are B, C, H, W
    canonical    D runs inferior to superior, H anterior to posterior, W patient's right to left.
                 Shown with row 0 on top and column 0 on the left, an axial slice is therefore in
                 the radiological convention. It is ITK's LPS order, as `GetArrayFromImage` gives it.
    world        scanner millimetres, RAS+ (x to the right, y to anterior, z to superior), as in NIfTI
    source grid  the voxel grid of the file, axes in the file's own order and direction
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from numpy.typing import NDArray

from uad_core.io.affine import AffineTransform
from uad_core.io.errors import is_out_of_memory

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
CANONICAL = ("S", "P", "L")  # direction in which D, H and W grow


class ScanError(ValueError):
    """An unusable input: a `code` and a sentence for the user, neither of which may name a path or a patient."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def refused(code: str, message: str, reason: type[Exception] = Exception) -> Iterator[None]:
    """Within it an error of that type is a ScanError; by default any, but for too little memory."""
    try:
        yield
    except reason as error:
        if isinstance(error, ScanError) or (is_out_of_memory(error) and reason is not MemoryError):
            raise
        raise ScanError(code, message) from None


@dataclass(frozen=True, eq=False)
class SourceGrid:
    """What the file looked like: all that is needed to write a result that lies on it voxel for voxel."""

    shape: tuple[int, int, int]
    affine: np.ndarray  # (4, 4) file voxel (i, j, k) -> world mm
    qform_code: int = 1
    sform_code: int = 1
    qform: np.ndarray | None = None  # (4, 4) the second transform of a file that has both: ITK may prefer it

    @property
    def to_canonical(self) -> np.ndarray:
        """(3, 2) nibabel orientation transform from the file's axes to the canonical ones."""
        return ornt_transform(io_orientation(self.affine), axcodes2ornt(CANONICAL))


@dataclass(frozen=True, eq=False)
class Volume:
    """A 3-D magnitude image."""

    array: np.ndarray  # (D, H, W) float32, canonical, finite, read-only
    affine: np.ndarray  # (4, 4) canonical voxel (d, h, w) -> world mm
    source: SourceGrid  # the grid of the file that it came from
    notes: tuple[str, ...] = ()  # sentences on what was tolerated while reading, for the user and the provenance

    def __post_init__(self) -> None:
        if self.array.ndim != 3:
            raise ScanError("dims", f"One 3-D volume is needed, but this one has {self.array.ndim} axes.")
        array = np.ascontiguousarray(self.array, dtype=np.float32)
        if array.flags.writeable and np.may_share_memory(array, self.array):
            array = array.copy()
        array.flags.writeable = False
        object.__setattr__(self, "array", array)

    @classmethod
    def from_source(cls, data: np.ndarray, source: SourceGrid, notes: tuple[str, ...] = ()) -> Self:
        """The volume of `data`, an (i, j, k) array on the source grid."""
        if data.shape != source.shape:
            raise ValueError(f"data must be {source.shape}, got {data.shape}")
        ornt = source.to_canonical
        affine = source.affine @ inv_ornt_aff(ornt, source.shape)
        return cls(apply_orientation(data, ornt), affine, source, notes)

    @classmethod
    def from_canonical(cls, array: np.ndarray, affine: np.ndarray) -> "Volume":
        """A volume that no file stands behind; written to one it gets the usual RAS axis order (i, j, k)."""
        to_ras = ornt_transform(io_orientation(affine), axcodes2ornt(("R", "A", "S")))
        shape = apply_orientation(np.empty(array.shape, np.bool_), to_ras).shape
        return cls(array, affine, SourceGrid(tuple(shape), affine @ inv_ornt_aff(to_ras, array.shape)))

    @property
    def shape(self) -> tuple[int, int, int]:
        depth, height, width = self.array.shape
        return depth, height, width

    @property
    def to_world(self) -> AffineTransform:
        """Canonical voxel (d, h, w) -> world mm: `affine` as a value that can be inverted and chained."""
        return AffineTransform(self.affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along D, H and W."""
        return self.to_world.spacing

    @property
    def voxel_mm3(self) -> float:
        return self.to_world.volume_scale

    def to_source(self, array: np.ndarray) -> np.ndarray:
        """A (D, H, W) array on this volume's grid, of any dtype, as (i, j, k) in the file's axes."""
        if array.shape != self.shape:
            raise ValueError(f"array must be {self.shape}, got {array.shape}")
        back = ornt_transform(axcodes2ornt(CANONICAL), io_orientation(self.source.affine))
        return np.ascontiguousarray(apply_orientation(array, back))
