"""Whether the slices of a stack are all that the scan has, and none that belongs to another."""

from collections.abc import Sequence

import numpy as np
from nibabel.affines import voxel_sizes

from uad_core.io.dicom.container import Upload
from uad_core.io.dicom.geometry import STATED, is_overlapping
from uad_core.io.dicom.headers import COMPRESSION, DAMAGED, Image
from uad_core.io.dicom.series import MIN_SLICES, Slice, Stack
from uad_core.io.limits import EXPORT_AGAIN, is_too_large
from uad_core.io.volume import ScanError, SourceGrid

ALL_FILES = "Give all files of the series."
ALIKE = 0.9  # how much less neighbours differ than slices two apart, at most: of one scan a half to a quarter
ALTERNATING = 0.1  # by so much more slices two apart are alike in no real scan: measured, by 0.03 to 0.15 less
PROBES = 64  # rows and columns that are enough to see it
GAP = 1.7  # slice thicknesses from one slice to the next between which another one has room
ON_GRID = 0.1  # slice spacings: how far from one of the grid's a slice lies on it


def check_images(images: Sequence[Image]) -> None:
    """Raises ScanError (colour, multi_frame, damaged, modality_lut, dims) unless they can be stacked to one volume."""
    if not all(image.grey for image in images):
        raise ScanError("colour", "The images are in colour. Give the scan itself.")
    if not all(image.readable for image in images):
        raise ScanError("compression", COMPRESSION)
    if any(image.broken for image in images):
        raise ScanError("damaged", DAMAGED)
    if any("MOSAIC" in frame.facts.kind for image in images for frame in image.frames):
        mosaic = "Each image is a mosaic of many slices."
        raise ScanError("multi_frame", f"{mosaic} Convert the series to NIfTI with dcm2niix, and give that.")
    if any(image.many and not image.frames for image in images):
        unplaced = "The images hold many frames that don't say where they lie."
        raise ScanError("multi_frame", f"{unplaced} Export the series as single slices, or as enhanced MR.")
    if not all(image.frames for image in images):
        raise ScanError("bad_affine", f"The images don't say where they lie in space. {EXPORT_AGAIN}")
    slices = sum(len(image.frames) for image in images)
    if slices < MIN_SLICES:
        raise ScanError("dims", "There is only one slice. Give all files of the series, as a folder or as a zip.")
    if any(image.high_bit != image.bits - 1 for image in images):  # values would be cut
        raise ScanError("damaged", DAMAGED)
    if any(image.by_table for image in images):
        table = "A table (Modality LUT) says what the stored values mean, which is not read here."
        raise ScanError("modality_lut", f"{table} Export the scan with plain values (slope and intercept).")
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ScanError("dims", "The slices differ in their numbers of rows and columns. Give one series.")
    rows, columns = shapes.pop()
    if min(rows, columns) < MIN_SLICES:
        raise ScanError("damaged", DAMAGED)
    if is_too_large((rows, columns, slices)):
        raise ScanError("dims", "The volume is too large: at most 512 x 512 x 512 voxels are read. Crop it.")


def check_complete(stack: Stack, read: Sequence[Image], grid: SourceGrid, upload: Upload) -> None:
    """Raises ScanError (missing_slices) where a header or a file says that the scan has more slices than these.

    `read`: all images of the upload.
    """
    if upload.lost:
        counted = "1 file has" if upload.lost == 1 else f"{upload.lost} files have"
        lost = f"{counted} no content, so slices may be missing: empty, or links to data that were never fetched."
        raise ScanError("missing_slices", f"{lost} Copy or download the series again.")
    counts = [member.image.counts for member in stack.slices]
    own = not {"DERIVED", "REFORMATTED"} & set(stack.first.frame.facts.kind)  # others keep the counts of their source
    places = len({tuple(np.round(member.frame.position, 1)) for member in stack.siblings})
    instances = sum(image.series == stack.first.image.series for image in read)
    pairs = (
        (max(one.images for one in counts) if own else 0, len(stack.siblings)),
        (max(one.places for one in counts) if own else 0, places),
        (max(one.instances for one in counts), instances),
    )
    for stated, found in pairs:
        if stated > found:
            said = f"The headers speak of {stated} slices, and only {found} are here."
            raise ScanError("missing_slices", f"{said} {ALL_FILES}")
    for uid in {one.concatenation for one in counts if one.files}:
        files = max(one.files for one in counts if one.concatenation == uid)
        here = len({id(image) for image in read if image.counts.concatenation == uid})
        if files > here:
            raise ScanError("missing_slices", f"The scan is spread over {files} files; here: {here}. {ALL_FILES}")
    step_mm = float(voxel_sizes(grid.affine)[2])
    thickness, between = stack.first.frame.thickness, stack.first.frame.between
    if between and not _may_be(step_mm, between, thickness) and step_mm > 1.5 * between:
        apart = f"The slices lie {step_mm:.1f} mm apart and should lie {between:.1f} mm apart: some are missing."
        raise ScanError("missing_slices", f"{apart} {ALL_FILES}")
    _check_places(stack)
    if not any(stated == found for stated, found in pairs):  # where one counts as many as there are, none is missing
        _check_numbers(stack)


def check_alone(stack: Stack, every: Sequence[Stack], stacks: Sequence[Stack], grid: SourceGrid) -> None:
    """Raises ScanError (mixed_slices) where slices that were made in another way may belong to the scan.

    So do single ones of its series, and stacks that continue it or fill its gaps; a stack of its own beside it does
    not. Of another series, or of none, so do slices of the same size that continue it and are no volume themselves:
    those of `every` stack that are not among `stacks`.
    """
    doubt = "Some slices of the series differ from the others in how they were made; do they belong to it?"
    elsewhere = {id(member) for other in stacks for member in other.slices}
    to_voxel = np.linalg.inv(grid.affine)
    thickness = stack.first.frame.thickness
    gaps = thickness > 0 and float(voxel_sizes(grid.affine)[2]) > GAP * thickness
    filled = {_level(member, to_voxel) for member in stack.slices}
    for other in stack.siblings:
        single = id(other) not in elsewhere
        level = _level(other, to_voxel)
        continues = level is not None and level not in filled and bool({level - 1, level + 1} & filled)
        between = gaps and bool(other.image.series) and _level(other, to_voxel, 0.5) is not None
        if single or continues or (between and other.image.series == stack.first.image.series):
            raise ScanError("mixed_slices", f"{doubt} {EXPORT_AGAIN}")
    volumes, image = {id(other) for other in stacks}, stack.first.image
    for stray in (member for other in every if id(other) not in volumes for member in other.slices):
        alike = (stray.image.patient, stray.image.shape, stray.image.grey) == (image.patient, image.shape, True)
        alike = alike and "LOCALIZER" not in stray.frame.facts.kind
        level = _level(stray, to_voxel)
        if alike and level is not None and level not in filled and {level - 1, level + 1} & filled:
            raise ScanError("mixed_slices", f"{doubt} {EXPORT_AGAIN}")


def check_not_interleaved(stack: Stack, grid: SourceGrid, values: np.ndarray) -> tuple[str, ...]:
    """A note where slices overlap. Raises ScanError (mixed_slices) where not neighbours are alike, but every second.

    So two scans look that lie half a slice apart and do not differ in their headers. `values`: (slice, row, column).
    """
    near, next_but_one = _likeness(values, 1), _likeness(values, 2)
    if next_but_one > near + ALTERNATING:
        doubt = "Every second slice looks as if it came from another scan."
        raise ScanError("mixed_slices", f"{doubt} Give the files of one series.")
    if not is_overlapping(stack.frames, float(voxel_sizes(grid.affine)[2])):
        return ()
    if 1 - near > ALIKE * (1 - next_but_one):
        doubt = "The slices lie closer than they are thick, as if two scans were mixed."
        raise ScanError("mixed_slices", f"{doubt} Give the files of one series.")
    return ("The slices are thicker than their distance, so each shows what its neighbours show, too.",)


def _check_places(stack: Stack) -> None:
    """Raises ScanError where slices, numbered within their stack from bottom to top, do not begin with number 1."""
    numbers = {int(text) for member in stack.siblings if (text := member.frame.facts.in_stack).isdecimal()}
    if len(numbers) >= len(stack.slices) and min(numbers) > 1:
        raise ScanError("missing_slices", f"The scan begins with its slice number {min(numbers)}. {ALL_FILES}")


def _check_numbers(stack: Stack) -> None:
    """Raises ScanError where the images of a whole series are numbered from 2 on, or by every second number."""
    numbers = sorted(member.image.number or 0 for member in stack.siblings)
    whole = len(stack.siblings) == len(stack.slices) == len({member.image for member in stack.slices})
    if not whole or len(set(numbers)) < len(numbers) or numbers[0] < 1:
        return
    first, count = numbers[0], len(numbers)
    if 1 < first <= count and numbers[-1] - first + 1 == count:
        counted = "number 1 is" if first == 2 else f"numbers 1 to {first - 1} are"
        raise ScanError("missing_slices", f"Of the images of the series, {counted} missing. {ALL_FILES}")
    thickness = stack.first.frame.thickness
    ordered = sorted(stack.slices, key=lambda member: member.image.number or 0)
    apart = np.linalg.norm(np.subtract(ordered[1].frame.position, ordered[0].frame.position))
    if count > MIN_SLICES and set(np.diff(numbers)) == {2} and thickness and apart > 1.7 * thickness:
        raise ScanError("missing_slices", f"Every second slice of the series is missing. {ALL_FILES}")


def _may_be(step_mm: float, between: float, thickness: float) -> bool:
    """Whether slices lie as the header says; some write the gap between slices in place of their distance."""
    stated = (between, between + thickness) if between < thickness / 2 else (between,)
    return any(abs(step_mm - distance) <= STATED * step_mm for distance in stated)


def _level(member: Slice, to_voxel: np.ndarray, off: float = 0.0) -> int | None:
    """The number of the grid's slice on which, or `off` above which, a parallel slice lies; None for any other."""
    x, y, z = member.frame.position
    level = float((to_voxel @ (-x, -y, z, 1))[2]) - off
    normal = np.cross(member.frame.orientation[:3], member.frame.orientation[3:]) * (-1, -1, 1)
    upwards = to_voxel[2, :3] / np.linalg.norm(to_voxel[2, :3])
    parallel = abs(float(normal @ upwards)) > 1 - ON_GRID
    return round(level) if parallel and abs(level - round(level)) <= ON_GRID else None


def _likeness(values: np.ndarray, apart: int) -> float:
    """The median correlation of slices that lie so many places apart."""
    rows, columns = (max(size // PROBES, 1) for size in values.shape[1:])
    flat = values[:, ::rows, ::columns].reshape(len(values), -1).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    return float(np.median(np.sum(flat[apart:] * flat[:-apart], axis=1))) if len(flat) > apart else 0.0
