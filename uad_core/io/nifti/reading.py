"""A file's bytes, checked step by step, to a scan or to a mask on a scan's grid."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from uad_core.io.nifti.container import Source, is_gzip, peek, read_source, unpack
from uad_core.io.nifti.geometry import corner_distance_mm
from uad_core.io.nifti.header import HEAD_BYTES, NiftiHeader, check_extensions, parse_header
from uad_core.io.nifti.values import read_values
from uad_core.io.values import binary_mask, check_scan
from uad_core.io.volume import ScanError, Volume

GRID_TOLERANCE = 0.1  # voxels between the corners of two grids that are the same
RESAMPLE = "Give the mask that was drawn on this scan, or resample it to the scan's grid."


def read_nifti(source: Source) -> Volume:
    """The scan in a `.nii` or `.nii.gz` file, given as a path or as its bytes.

    Raises ScanError: it cannot be used; the package's docstring has the codes. Nothing else, for any bytes.
    """
    with _enough_memory():
        values, header, notes = _load(source)
        notes += check_scan(values)
        return Volume.from_source(values, header.grid, notes)


def read_mask(source: Source, like: Volume) -> np.ndarray:
    """The mask in a NIfTI file that lies on the grid of the scan `like`.

    A voxel is inside if its value is above 0.5: any label (1, 2, 255) is, and so is a voxel of an interpolated mask of
    which more than half is. What else is asked of a mask, `binary_mask` says.

    The axes may be in another order or direction than the scan's, as long as the voxels are the same. Returns (D, H, W)
    bool, on the canonical grid of `like`. Raises ScanError: not_a_mask, grid_mismatch, or a code of `read_nifti`.
    """
    with _enough_memory():
        values, header, _ = _load(source)
        inside = binary_mask(values)
        affine = header.grid.affine
        ornt = io_orientation(like.to_world.inverse.matrix @ affine)  # file's axes -> D, H, W of the scan
        affine = affine @ inv_ornt_aff(ornt, inside.shape)
        mask = apply_orientation(inside, ornt)
        if mask.shape != like.shape:
            raise ScanError(
                "grid_mismatch",
                f"The mask has {_times(mask.shape)} voxels, but the scan has {_times(like.shape)}. {RESAMPLE}",
            )
        if corner_distance_mm(affine, like.affine, like.shape) > GRID_TOLERANCE * min(like.spacing_mm):
            raise ScanError(
                "grid_mismatch",
                f"The mask has as many voxels as the scan, but its header puts them elsewhere in space. {RESAMPLE}",
            )
        return np.ascontiguousarray(mask)


def _load(source: Source) -> tuple[np.ndarray, NiftiHeader, tuple[str, ...]]:
    """The (i, j, k) float32 values of a file, all finite, its header, and notes."""
    data = read_source(source)
    notes: tuple[str, ...] = ()
    if isinstance(source, Path) and source.name.lower().endswith(".gz") != is_gzip(data):
        notes += ("The name does not tell whether the file is compressed; its content does.",)
    header = parse_header(peek(data, HEAD_BYTES))
    content = unpack(data, header.end)
    if len(content) > header.end:
        notes += ("Bytes that follow the image were ignored.",)
    check_extensions(content, header)
    values, value_notes = read_values(content, header)
    return values, header, notes + header.notes + value_notes


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


@contextmanager
def _enough_memory() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise ScanError("too_big", "There is too little memory for this image. Crop or resample it.") from None
