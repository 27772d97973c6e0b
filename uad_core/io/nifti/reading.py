"""A file's bytes, checked step by step, to a scan or to a mask on a scan's grid."""

from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.nifti.container import Source, is_gzip, peek, read_source, unpack
from uad_core.io.nifti.geometry import corner_distance_mm
from uad_core.io.nifti.header import HEAD_BYTES, NiftiHeader, check_extensions, parse_header
from uad_core.io.values import binary_mask, check_scan, check_size
from uad_core.io.volume import ScanError, Volume, refused

MAX_NON_FINITE = 0.01  # fraction of voxels that may be NaN or infinite, and are set to zero
GRID_TOLERANCE = 0.1  # voxels between the corners of two grids that are the same
TOO_BIG = "There is too little memory for this image. Crop or resample it."
RESAMPLE = "Give the mask that was drawn on this scan, or resample it to the scan's grid."


def read_nifti(source: Source) -> Volume:
    """The scan in a NIfTI file. Raises ScanError, by the codes of the package; nothing else, for any bytes."""
    with refused("too_big", TOO_BIG, MemoryError):
        values, header, notes = _load(source)
        notes += check_scan(values)
        return Volume.from_source(values, header.grid, notes)


def read_mask(source: Source, like: Volume) -> np.ndarray:
    """The mask in a NIfTI file that lies on the grid of the scan `like`: (D, H, W) bool, on its canonical grid.

    The axes may be in another order or direction than the scan's, as long as the voxels are the same. Raises ScanError:
    not_a_mask, grid_mismatch, or a code of `read_nifti`.
    """
    with refused("too_big", TOO_BIG, MemoryError):
        values, header, _ = _load(source)
        inside = binary_mask(values)
        affine = header.grid.affine
        ornt = io_orientation(like.to_world.inverse.matrix @ affine)  # file's axes -> D, H, W of the scan
        affine = affine @ inv_ornt_aff(ornt, inside.shape)
        mask = apply_orientation(inside, ornt)
        if mask.shape != like.shape:
            found, wanted = (" x ".join(map(str, shape)) for shape in (mask.shape, like.shape))
            raise ScanError("grid_mismatch", f"The mask has {found} voxels, but the scan has {wanted}. {RESAMPLE}")
        if corner_distance_mm(affine, like.affine, like.shape) > GRID_TOLERANCE * min(like.spacing_mm):
            elsewhere = "The mask has as many voxels as the scan, but its header puts them elsewhere in space."
            raise ScanError("grid_mismatch", f"{elsewhere} {RESAMPLE}")
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


def read_values(content: bytes, header: NiftiHeader) -> tuple[np.ndarray, tuple[str, ...]]:
    """The scaled values of a file, (i, j, k) float32 and all finite. Raises ScanError: non_finite, absurd_values."""
    stored = np.frombuffer(content, header.dtype, header.voxels, header.offset).reshape(header.shape, order="F")
    notes: tuple[str, ...] = ()
    finite = np.isfinite(stored)
    bad = finite.size - int(np.count_nonzero(finite))
    if bad > MAX_NON_FINITE * finite.size:
        raise ScanError("non_finite", f"Too many voxels are not numbers (NaN or infinite). {EXPORT_AGAIN}")
    with np.errstate(over="ignore", invalid="ignore"):
        if (header.slope, header.intercept) == (1.0, 0.0):
            values = stored.astype(np.float32)
        else:
            values = (stored.astype(np.float64) * header.slope + header.intercept).astype(np.float32)
    if bad:
        values[~finite] = 0
        counted = "1 voxel was" if bad == 1 else f"{bad} voxels were"
        notes = (f"{counted} not a number (NaN or infinite) and set to zero.",)
    check_size(values)
    return values, notes
