"""A NIfTI header, read from its raw bytes and checked before anything is allocated.

The raw fields are looked at, not nibabel's header object: nibabel repairs zooms of zero, drops a bad scale and guesses
an orientation, and says so only in its log, where header text may end up as well.
"""

import math
from typing import Any

import numpy as np
from nibabel import nifti1, nifti2

from uad_core.io.image_header import ImageHeader, one_volume
from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.mistaken import looks_like
from uad_core.io.nifti.geometry import read_grid
from uad_core.io.volume import ScanError

MAX_OFFSET = 16 * 1024**2  # bytes in front of the voxels: room for any extension seen in practice
HEAD_BYTES = 544  # of the larger header, NIfTI-2, and the four bytes that announce extensions

# NIfTI datatype codes of real numbers; the others are bits, complex numbers, colours and 128-bit floats.
DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8"}
DTYPES |= {256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}

_HALF = "This is one half of a pair of files (.hdr and .img), which may not tell left from right."
PAIR = f"{_HALF} Convert the pair to a single .nii.gz, for instance with nib-convert."


def parse_header(head: bytes) -> ImageHeader:
    """The header of a NIfTI-1 or -2 file from its first `HEAD_BYTES`. Raises ScanError, by the codes of the package."""
    fields = _fields(head)
    shape, dims_notes = _shape(fields)
    dtype, dtype_notes = _dtype(fields)
    offset = _offset(fields)
    slope, intercept, scale_notes = _scale(fields)
    grid, grid_notes = read_grid(fields, shape)
    notes = (*dims_notes, *dtype_notes, *scale_notes, *grid_notes)
    size, integer = fields.dtype.itemsize, fields["sizeof_hdr"].dtype.str
    return ImageHeader(shape, dtype, offset, grid, notes, slope, intercept, size, integer)


def check_extensions(data: bytes, header: ImageHeader) -> None:
    """Raises ScanError (bad_header) if the chain of extensions, whose text is never read, runs astray."""
    if not header.size or not data[header.size]:
        return
    position = header.size + 4
    while position + 8 <= header.offset:
        size = int(np.frombuffer(data, header.integer, 1, position)[0])
        if size < 16 or position + size > header.offset:
            raise ScanError("bad_header", f"The header's extensions are damaged. {EXPORT_AGAIN}")
        position += size


def _fields(head: bytes) -> np.ndarray:
    """The header as a 0-d structured array, in the byte order of the file."""
    layouts = (nifti1.header_dtype, b"n+1"), (nifti2.header_dtype, b"n+2")
    for dtype, magic in ((dtype, magic) for layout, magic in layouts for dtype in (layout, layout.newbyteorder())):
        if head[:4] != np.array(dtype.itemsize, dtype["sizeof_hdr"]).tobytes():
            continue
        whole = len(head) >= dtype.itemsize + 4
        if len(head) < dtype.itemsize or (not whole and head[344:348] == magic.ljust(4, b"\0")):
            raise ScanError("truncated", "The file ends within its header. Copy or download it again.")
        fields: np.ndarray = np.frombuffer(head, dtype, count=1).reshape(())
        if fields["magic"] != magic or not whole:
            raise ScanError("pair", PAIR)
        return fields
    raise ScanError("not_nifti", looks_like(head))


def _shape(fields: np.ndarray) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    dim = [int(n) for n in fields["dim"]]
    sizes = dim[1 : dim[0] + 1] if 1 <= dim[0] <= 7 else []
    return one_volume([*sizes[:3], *(size or 1 for size in sizes[3:])])  # 0 points in time are 1, as niftilib has it


def _dtype(fields: np.ndarray) -> tuple[np.dtype[Any], tuple[str, ...]]:
    code = int(fields["datatype"])
    if code not in DTYPES:
        unknown = "The voxels are colours, complex numbers or of an unknown type. Give the magnitude image."
        raise ScanError("dtype", unknown)
    native = np.dtype(DTYPES[code])
    dtype = native if fields["sizeof_hdr"].dtype.isnative else native.newbyteorder()
    if int(fields["bitpix"]) != 8 * dtype.itemsize:  # harmless: the file's length shows which one is right
        return dtype, ("The header contradicts itself about the bits per voxel; its data type was used.",)
    return dtype, ()


def _offset(fields: np.ndarray) -> int:
    offset = float(fields["vox_offset"])
    if not fields.dtype.itemsize + 4 <= offset <= MAX_OFFSET or offset != int(offset):
        raise ScanError("bad_header", f"The header states an impossible place for the voxels. {EXPORT_AGAIN}")
    return int(offset)


def _scale(fields: np.ndarray) -> tuple[float, float, tuple[str, ...]]:
    slope, intercept = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0:  # by the standard: no scaling
        return 1.0, 0.0, ()
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        return 1.0, 0.0, ("The header's intensity scale is not a number; the stored values were used.",)
    return slope, intercept, ()
