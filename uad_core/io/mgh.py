"""FreeSurfer's MGH and MGZ: https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat (big endian throughout)."""

import numpy as np
from nibabel.freesurfer.mghformat import header_dtype

from uad_core.io.image_header import ImageHeader, one_volume, placed
from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.volume import ScanError

OFFSET = 284  # bytes in front of the voxels
TAIL_BYTES = 1024**2  # that may follow them: acquisition parameters, names of commands
ACQUISITION_BYTES, LAST_TAG = 20, 60
DTYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}


def is_mgh(head: bytes) -> bool:
    """Whether the content is MGH, by its version and its voxels' type."""
    return head[:4] == b"\0\0\0\1" and head[20:23] == b"\0\0\0" and len(head) > OFFSET


def check_tail(tail: bytes) -> None:
    """Raises ScanError (damaged) where what follows the voxels is more of them: then the stated size is too small.

    It should be four or five numbers of the acquisition (TR, flip angle, TE, TI, field of view), and behind them tags,
    each a small number, a length, and so many bytes.
    """
    tags = tail[ACQUISITION_BYTES:]
    first = int.from_bytes(tags[:4], "big")
    if len(tail) in (0, 16) or (len(tail) >= ACQUISITION_BYTES and (not any(tags) or 0 < first <= LAST_TAG)):
        return
    raise ScanError("damaged", f"The file holds more voxels than its header states. {EXPORT_AGAIN}")


def parse_mgh(head: bytes) -> ImageHeader:
    """The header from a file's first bytes. Raises ScanError: dims, dtype, bad_affine, bad_spacing."""
    fields = np.frombuffer(head, header_dtype, 1).reshape(())
    dims = [int(size) for size in fields["dims"]]
    shape, notes = one_volume(dims if dims[3] != 1 else dims[:3])
    code = int(fields["type"])
    if code not in DTYPES:
        raise ScanError("dtype", "The voxels are of an unknown type. Convert the scan with mri_convert to .nii.gz.")
    directions, spacing = fields["Mdc"].astype(float), fields["delta"].astype(float)
    centre = fields["Pxyz_c"].astype(float)
    if fields["goodRASFlag"] != 1:
        raise ScanError("bad_affine", f"The header does not say where the voxels lie in space. {EXPORT_AGAIN}")
    affine = np.eye(4)
    affine[:3, :3] = directions.T * spacing
    affine[:3, 3] = centre - affine[:3, :3] @ (np.array(shape) / 2)
    grid, doubts = placed(shape, affine)
    return ImageHeader(shape, np.dtype(DTYPES[code]), OFFSET, grid, (*notes, *doubts))
