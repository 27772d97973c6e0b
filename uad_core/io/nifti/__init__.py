"""NIfTI in and out: a scan, a mask that belongs to it, and results that lie on it voxel for voxel.

FreeSurfer's MGH and NRRD are read behind the same gate, and all of them out of a zip or tar archive as well.

Whatever the bytes are, reading gives a finite volume or a `ScanError`, by this order and with these codes:

    container   unreadable, empty, too_big, truncated, corrupt; an archive: bad_zip, encrypted_zip, zip_bomb,
                several_images
    header      not_nifti, pair, truncated, dims, dtype, bad_header
    geometry    bad_header, bad_affine, bad_spacing, contradiction
    values      non_finite, absurd_values; a scan: constant, looks_like_mask; a mask: not_a_mask
    reading     a mask: grid_mismatch
"""

from uad_core.io.nifti.container import Source
from uad_core.io.nifti.reading import read_lesions, read_mask, read_nifti
from uad_core.io.nifti.writing import encode_nifti, write_nifti

__all__ = ["Source", "encode_nifti", "read_lesions", "read_mask", "read_nifti", "write_nifti"]
