"""The files of a DICOM series, or a zip of them, to a scan."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from nibabel.affines import voxel_sizes

from uad_core.io.dicom.container import dicom_files
from uad_core.io.dicom.geometry import check_images, stack
from uad_core.io.dicom.headers import read_images
from uad_core.io.dicom.identifiers import can_be_referred_to, complete
from uad_core.io.dicom.pixels import stored_values
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.dicom.series import pick_series
from uad_core.io.values import check_scan, check_size
from uad_core.io.volume import Volume, refused

NO_SEG = "The series lacks identifiers that a DICOM SEG refers to, so results come as NIfTI only."
LOSSY = "The images were once compressed with loss: fine detail may be gone."


def read_dicom(files: Sequence[bytes]) -> Volume:
    """The scan in the files of a DICOM series, in any order, or in the one zip archive that `files` is.

    The voxels and their places are those of ITK's series reader. Returns a `DicomScan`, or a plain volume with a note
    where the headers lack what a DICOM SEG refers to. Raises ScanError, with the package's codes, and nothing else for
    any bytes.
    """
    with refused("too_big", "There is too little memory for this series. Crop or resample it.", MemoryError):
        found, others = dicom_files(files)
        images, notes = pick_series(read_images(found), others)
        check_images(images)
        frames = [frame for image in images for frame in image.frames]
        order, grid, doubts = stack(frames, images[0].shape)
        values = stored_values(images)[order]
        notes += doubts + ((LOSSY,) if any(image.lossy for image in images) else ())
        check_size(values)
        data = values.T  # (column, row, slice), the axes of the grid
        notes += check_scan(data)
        sources = [image.identifiers for image in images]
        if not can_be_referred_to(sources):
            return Volume.from_source(data, grid, (*notes, NO_SEG))
        complete(sources, float(voxel_sizes(grid.affine)[2]))
        if len(images) > 1:  # of one slice each
            sources, order = [sources[index] for index in order], np.arange(len(order))
        scan = DicomScan.from_source(data, grid, notes)
        return replace(scan, sources=tuple(sources), frames=tuple(order.tolist()))
