"""Slices in order, and where their voxels lie; or why they make no volume."""

from collections.abc import Sequence

import numpy as np

from uad_core.io.dicom.frames import Frame
from uad_core.io.dicom.headers import DAMAGED, Image
from uad_core.io.dicom.series import MIN_SLICES
from uad_core.io.limits import EXPORT_AGAIN, MAX_ORIGIN_MM, is_plausible, is_sheared, is_too_large, thick_slices
from uad_core.io.volume import ScanError, SourceGrid

MAX_TURN = 1e-3  # between direction cosines of slices that are parallel; scanners write six digits
MAX_TILT = 1e-2  # sideways shift of a slice for each mm upwards; a tilted CT gantry has 0.1 and more
MAX_UNEVEN, DOUBTFUL_UNEVEN = 0.1, 0.01  # distance of a slice from its even place, in slice spacings
SAME_PLACE = 0.01  # slice spacings
MISSING = 1.5  # slice spacings between neighbours
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from DICOM's world


def check_images(images: Sequence[Image]) -> None:
    """Raises ScanError (colour, multi_frame, damaged, dims) unless the images can be stacked to one volume."""
    if not all(image.grey for image in images):
        raise ScanError("colour", "The images are in colour, or their greys are inverted. Give the scan itself.")
    if any(image.many and not image.frames for image in images):
        unplaced = "The images hold many frames that don't say where they lie."
        raise ScanError("multi_frame", f"{unplaced} Export the series as single slices, or as enhanced MR.")
    if not all(image.frames for image in images):
        raise ScanError("bad_affine", f"The images don't say where they lie in space. {EXPORT_AGAIN}")
    slices = sum(len(image.frames) for image in images)
    if slices < MIN_SLICES:
        raise ScanError("dims", "There is only one slice. Give all files of the series, as a folder or as a zip.")
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ScanError("dims", "The slices differ in their numbers of rows and columns. Give one series.")
    rows, columns = shapes.pop()
    if min(rows, columns) < MIN_SLICES:
        raise ScanError("damaged", DAMAGED)
    if is_too_large((rows, columns, slices)):
        raise ScanError("dims", "The volume is too large: at most 512 x 512 x 512 voxels are read. Crop it.")


def stack(frames: Sequence[Frame], shape: tuple[int, int]) -> tuple[np.ndarray, SourceGrid, tuple[str, ...]]:
    """The order of the frames, the grid on which they lie in that order, and notes.

    They are sorted along the normal of the slices, as ITK and GDCM do, whatever their names and numbers. `shape`: rows
    and columns. Returns (k,) indices of `frames`, lowest along the normal first; the grid with axes (column, row,
    slice) in RAS+; sentences on what was tolerated. Raises ScanError: bad_affine, bad_spacing, same_place,
    missing_slices, uneven_slices, gantry_tilt.
    """
    along_row, along_column, spacing = _common_plane(frames)
    normal = np.cross(along_row, along_column)
    positions = np.array([frame.position for frame in frames])
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    _check_gaps(np.diff(positions @ normal))
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    even = positions[0] + np.arange(len(positions))[:, None] * step
    uneven = float(np.linalg.norm(positions - even, axis=1).max() / np.linalg.norm(step))
    if uneven > MAX_UNEVEN:
        raise ScanError("uneven_slices", f"The slices don't lie at even distances. {EXPORT_AGAIN}")
    tilt = float(np.linalg.norm(np.cross(step, normal)) / np.linalg.norm(step))
    if tilt > MAX_TILT:
        shifted = "The slices are shifted against each other, as by a tilted gantry."
        raise ScanError("gantry_tilt", f"{shifted} Resample the series to upright slices.")
    world = np.eye(4)
    world[:3] = np.column_stack([along_row * spacing[1], along_column * spacing[0], step, positions[0]])
    affine = np.eye(4)
    affine[:3] = (TO_RAS @ world)[:3].astype(np.float32)  # as a NIfTI result on this grid stores it
    grid = SourceGrid((shape[1], shape[0], len(frames)), affine)
    return order, grid, _doubts(grid, uneven)


def _common_plane(frames: Sequence[Frame]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors along rows and along columns, and the spacing in mm, that all frames share."""
    planes = np.array([frame.orientation for frame in frames])
    spacings = np.array([frame.spacing for frame in frames])
    along_row, along_column = planes[0, :3], planes[0, 3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if np.abs(np.array([*lengths, 1 + along_row @ along_column]) - 1).max() > MAX_TURN:
        raise ScanError("bad_affine", f"The headers do not say how the slices lie in space. {EXPORT_AGAIN}")
    if np.abs(planes - planes[0]).max() > MAX_TURN:
        raise ScanError("bad_affine", "The slices are not parallel, as in a localizer. Give another series.")
    if not is_plausible(spacings):
        raise ScanError("bad_spacing", f"The headers state an impossible voxel size. {EXPORT_AGAIN}")
    if not np.allclose(spacings, spacings[0], rtol=MAX_TURN, atol=0):
        raise ScanError("bad_spacing", "The slices differ in the size of their voxels. Give one series.")
    if max(abs(number) for frame in frames for number in frame.position) > MAX_ORIGIN_MM:
        raise ScanError("bad_affine", f"The headers put the voxels impossibly far away. {EXPORT_AGAIN}")
    return along_row / lengths[0], along_column / lengths[1], spacings[0]


def _check_gaps(gaps_mm: np.ndarray) -> None:
    """Raises ScanError (same_place, missing_slices, bad_spacing) for distances between neighbours."""
    usual = float(np.median(gaps_mm))
    if gaps_mm.min() <= SAME_PLACE * usual or usual <= 0:
        several = "Several images lie in the same place, as echoes, phases or repetitions do."
        raise ScanError("same_place", f"{several} Give one image of each slice.")
    if not is_plausible(usual):
        raise ScanError("bad_spacing", f"The slices lie impossibly far apart or close together. {EXPORT_AGAIN}")
    missing = int(np.rint(gaps_mm / usual - 1)[gaps_mm > MISSING * usual].sum())
    if missing:
        counted = "A slice is" if missing == 1 else f"About {missing} slices are"
        raise ScanError("missing_slices", f"{counted} missing from the series. Give all of its files.")


def _doubts(grid: SourceGrid, uneven: float) -> tuple[str, ...]:
    notes = []
    if uneven > DOUBTFUL_UNEVEN:
        notes.append(f"Slices lie up to {100 * uneven:.0f} % of their distance from their even places; taken as even.")
    if is_sheared(grid.affine):
        notes.append("The slices are slightly shifted against each other: some viewers refuse such a volume.")
    return (*notes, *thick_slices(grid.affine))
