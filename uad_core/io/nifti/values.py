"""The voxel values of a NIfTI file."""

import numpy as np

from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.nifti.header import NiftiHeader
from uad_core.io.values import check_size
from uad_core.io.volume import ScanError

MAX_NON_FINITE = 0.01  # fraction of voxels that may be NaN or infinite, and are set to zero


def read_values(content: bytes | bytearray, header: NiftiHeader) -> tuple[np.ndarray, tuple[str, ...]]:
    """The scaled values of the file `content`, (i, j, k) float32 and all finite, and notes.

    Raises ScanError: non_finite, absurd_values.
    """
    stored = np.frombuffer(content, header.dtype, header.voxels, header.offset)
    stored = stored.reshape(header.shape, order="F")
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
