"""The files of a DICOM series, or a zip of them, to a scan: each step of it is a file of this package."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from nibabel.affines import voxel_sizes

from uad_core.io.dicom.choice import SeriesEntry, candidates, choose, entries, magnetic_resonance
from uad_core.io.dicom.completeness import check_alone, check_complete, check_images, check_not_interleaved
from uad_core.io.dicom.container import Upload, from_files
from uad_core.io.dicom.copies import without_copies
from uad_core.io.dicom.geometry import stack as stack_frames
from uad_core.io.dicom.headers import DAMAGED, Image, read_images
from uad_core.io.dicom.identifiers import can_be_referred_to, complete
from uad_core.io.dicom.pixels import read_pixels
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.dicom.series import Stack, split
from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.values import check_scan, check_size
from uad_core.io.volume import ScanError, Volume, refused

NO_SEG = "The series lacks identifiers that a DICOM SEG refers to, so results come as NIfTI only."
LOSSY = "The images were once compressed with loss: fine detail may be gone."
TOO_BIG = "There is too little memory for this series. Crop or resample it."


def read_dicom(files: Sequence[bytes] | Upload, series: int | None = None) -> Volume:
    """The scan in the files of a DICOM series, in any order, or in the one zip archive that `files` is.

    The voxels and their places are those of ITK's series reader. `series`: the number of one in `list_series`; by
    default the FLAIR of the head is taken, where it is clear which one that is. Returns a `DicomScan`, or a plain
    volume with a note where the headers lack what a DICOM SEG refers to. Raises ScanError, with the package's codes,
    and nothing else for any bytes.
    """
    with refused("too_big", TOO_BIG, MemoryError):
        upload = files if isinstance(files, Upload) else from_files(files)
        read = _images(upload)
        images, every, notes = _stacks(upload, read)
        stacks = candidates(every)
        index, chosen_notes = choose(stacks, series)
        chosen = stacks[index]
        check_images(chosen.images)
        _check_placed(images, chosen)
        order, grid, doubts = stack_frames(chosen.frames, chosen.first.image.shape)
        check_alone(chosen, every, stacks, grid)
        check_complete(chosen, read, grid, upload)
        values, pixel_notes = read_pixels(chosen)
        values = values[order]
        check_size(values)
        doubts += check_not_interleaved(chosen, grid, values)
        data = values.T  # (column, row, slice), the axes of the grid
        lossy = (LOSSY,) if any(image.lossy for image in chosen.images) else ()
        notes += (*chosen_notes, *doubts, *pixel_notes, *lossy, *check_scan(data))
        sources = [image.identifiers for image in chosen.images]
        whole = sum(len(image.frames) for image in chosen.images) == len(chosen.slices)
        if not (whole and can_be_referred_to(sources)):
            return Volume.from_source(data, grid, (*notes, NO_SEG))
        complete(sources, float(voxel_sizes(grid.affine)[2]))
        if len(sources) > 1:  # of one slice each
            sources, order = [sources[index] for index in order], np.arange(len(order))
        scan = DicomScan.from_source(data, grid, notes)
        return replace(scan, sources=tuple(sources), frames=tuple(order.tolist()))


def list_series(files: Sequence[bytes] | Upload, series: int | None = None) -> tuple[SeriesEntry, ...]:
    """The series of an upload, the one that `read_dicom` takes marked, without reading a pixel. Raises ScanError."""
    upload = files if isinstance(files, Upload) else from_files(files)
    return entries(candidates(_stacks(upload, _images(upload))[1]), series)


def _images(upload: Upload) -> list[Image]:
    """All images of the upload."""
    if upload.lost and not upload.found:
        raise ScanError("empty", "The files have no content. Copy or download them again.")
    images = read_images(upload.found)
    if upload.images and not images:
        raise ScanError("no_image", "There is no DICOM image, but an image of another kind. Give that file itself.")
    return images


def _stacks(upload: Upload, images: Sequence[Image]) -> tuple[list[Image], list[Stack], tuple[str, ...]]:
    """The MR images among them, the stacks that they make, and notes on what was left aside."""
    resonance = magnetic_resonance(images)
    once = without_copies(resonance)
    stacks = split(once)
    if not stacks:
        check_images(once)
    notes, aside, copies = [], upload.others + len(images) - len(resonance), len(resonance) - len(once)
    if aside:
        counted = "1 file of the upload is" if aside == 1 else f"{aside} files of the upload are"
        notes.append(f"{counted} no MR image and not used.")
    if copies:
        counted = "1 image is" if copies == 1 else f"{copies} images are"
        notes.append(f"{counted} there twice, with other identifiers, and not used.")
    return once, stacks, tuple(notes)


def _check_placed(images: Sequence[Image], chosen: Stack) -> None:
    """Raises ScanError (bad_affine, damaged) where an image that may belong to the scan does not say where it lies.

    So may one of the same size, and of the same series or of none.
    """
    series, shape = {image.series for image in chosen.images}, chosen.first.image.shape
    for image in images:
        if not image.frames and image.grey and image.shape == shape and image.series in {"", *series}:
            if image.broken:
                raise ScanError("damaged", DAMAGED)
            raise ScanError("bad_affine", f"Some images don't say where they lie in space. {EXPORT_AGAIN}")
