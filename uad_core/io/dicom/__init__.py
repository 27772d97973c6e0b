"""DICOM in and out: the scan in a series of files or in a zip archive, and a mask as a DICOM SEG that lies on it.

Whatever the bytes are, reading gives a finite volume or a `ScanError`, by this order and with these codes:

    container     empty, too_big, bad_zip, encrypted_zip, zip_bomb
    headers       damaged, compression
    choice        no_image, not_mr, several_patients, several_series, not_the_scan, no_such_series
    completeness  dims, colour, multi_frame, bad_affine, modality_lut, missing_slices, mixed_slices
    geometry      bad_affine, bad_spacing, same_place, missing_slices, uneven_slices, gantry_tilt
    pixels        compression, damaged
    values        constant, looks_like_mask, absurd_values, as in `uad_core.io.nifti`

`seg.encode_dicom_seg` is not imported here: highdicom takes half a second to load, for which somebody who
never sees DICOM need not wait.
"""

import logging
import warnings

from uad_core.io.dicom.choice import SeriesEntry
from uad_core.io.dicom.reading import list_series, read_dicom  # imports pydicom, which sets the level of its own logger
from uad_core.io.dicom.scan import DicomScan

# Both libraries quote header values, where a patient's name has no place; `catch_warnings` is not safe in threads.
for library in ("pydicom", "highdicom"):
    warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")
    logging.getLogger(library).setLevel(logging.CRITICAL + 1)

__all__ = ["DicomScan", "SeriesEntry", "list_series", "read_dicom"]
