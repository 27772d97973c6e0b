"""Slices in order, and where their voxels lie; or why they make no volume."""

from collections.abc import Sequence

import numpy as np
from nibabel.affines import voxel_sizes

from uad_core.io.dicom.frames import Frame
from uad_core.io.limits import EXPORT_AGAIN, MAX_ORIGIN_MM, is_plausible, is_sheared, thick_slices
from uad_core.io.volume import ScanError, SourceGrid

MAX_TURN = 1e-3  # between direction cosines of slices that are parallel; scanners write six digits
MAX_ROUNDING = 2e-2  # the same of direction cosines that were rounded to two digits, and of slices against their step
MAX_TILT = 1e-2  # sideways shift of a slice for each mm upwards; a tilted CT gantry has 0.1 and more
MAX_UNEVEN, DOUBTFUL_UNEVEN = 0.1, 0.01  # distance of a slice from its even place, in slice spacings
SAME_PLACE = 0.01  # slice spacings
MISSING = 1.5  # slice spacings between neighbours
OVERLAP = 1.5  # times as thick as their distance: slices of two stacks, or of a 3-D scan that was interpolated
GAP = 1.6  # slice thicknesses from slice to slice; a third of one is common
STATED = 0.1  # relative difference between a stated distance of slices and theirs
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from DICOM's world


def is_even(frames: Sequence[Frame]) -> bool:
    """Whether frames make an even stack, and not a closer one than their headers say."""
    if len(frames) < 2:
        return False
    try:
        _, grid, _ = stack(frames, (2, 2))
    except ScanError:
        return False
    return not is_overlapping(frames, float(voxel_sizes(grid.affine)[2]))


def is_overlapping(frames: Sequence[Frame], step_mm: float) -> bool:
    """Whether slices are thicker than their distance, and no header says that they are to lie so close."""
    thickness, between = frames[0].thickness, frames[0].between
    stated = abs(between - step_mm) <= STATED * step_mm
    return not stated and max(thickness, between) > OVERLAP * step_mm


def stack(frames: Sequence[Frame], shape: tuple[int, int]) -> tuple[np.ndarray, SourceGrid, tuple[str, ...]]:
    """The order of the frames, the grid on which they lie in that order, and notes.

    They are sorted along the normal of the slices, as ITK and GDCM do, whatever their names and numbers. `shape`: rows
    and columns. Returns (k,) indices of `frames`, lowest along the normal first; the grid with axes (column, row,
    slice) in RAS+; sentences on what was tolerated. Raises ScanError: bad_affine, bad_spacing, same_place,
    missing_slices, uneven_slices, gantry_tilt.
    """
    axes, spacing, rounded = _common_plane(frames)
    positions = np.array([frame.position for frame in frames])
    order = np.argsort(positions @ axes[2], kind="stable")
    positions = positions[order]
    _check_gaps(np.diff(positions @ axes[2]))
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    even = positions[0] + np.arange(len(positions))[:, None] * step
    uneven = float(np.linalg.norm(positions - even, axis=1).max() / np.linalg.norm(step))
    if uneven > MAX_UNEVEN:
        raise ScanError("uneven_slices", f"The slices don't lie at even distances. {EXPORT_AGAIN}")
    tilt = float(np.linalg.norm(np.cross(step, axes[2])) / np.linalg.norm(step))
    if tilt > (MAX_ROUNDING if rounded else MAX_TILT):
        shifted = "The slices are shifted against each other, as by a tilted gantry."
        raise ScanError("gantry_tilt", f"{shifted} Resample the series to upright slices.")
    if rounded:
        axes = _orthogonal(axes[0], axes[1], step)
    world = np.eye(4)
    world[:3] = np.column_stack([axes[0] * spacing[1], axes[1] * spacing[0], step, positions[0]])
    affine = np.eye(4)
    affine[:3] = (TO_RAS @ world)[:3].astype(np.float32)  # as a NIfTI result on this grid stores it
    grid = SourceGrid((shape[1], shape[0], len(frames)), affine)
    return order, grid, (*_doubts(grid, uneven, rounded), *_gaps(frames[0].thickness, float(np.linalg.norm(step))))


def _common_plane(frames: Sequence[Frame]) -> tuple[np.ndarray, np.ndarray, bool]:
    """Unit vectors along rows, columns and upwards, the spacing in mm, and whether the vectors were rounded."""
    planes = np.array([frame.orientation for frame in frames])
    spacings = np.array([frame.spacing for frame in frames])
    along_row, along_column = planes[0, :3], planes[0, 3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    off = float(np.abs(np.array([*lengths, 1 + along_row @ along_column]) - 1).max())
    rounded = off > MAX_TURN or bool(np.all(planes == np.round(planes, 2)) and np.any(planes != np.round(planes)))
    if off > MAX_ROUNDING:
        raise ScanError("bad_affine", f"The headers do not say how the slices lie in space. {EXPORT_AGAIN}")
    if np.abs(planes - planes[0]).max() > (MAX_ROUNDING if rounded else MAX_TURN):
        raise ScanError("bad_affine", "The slices are not parallel, as in a localizer. Give another series.")
    if not is_plausible(spacings):
        raise ScanError("bad_spacing", f"The headers state an impossible voxel size. {EXPORT_AGAIN}")
    if not np.allclose(spacings, spacings[0], rtol=MAX_TURN, atol=0):
        raise ScanError("bad_spacing", "The slices differ in the size of their voxels. Give one series.")
    if max(abs(number) for frame in frames for number in frame.position) > MAX_ORIGIN_MM:
        raise ScanError("bad_affine", f"The headers put the voxels impossibly far away. {EXPORT_AGAIN}")
    along_row, along_column = along_row / lengths[0], along_column / lengths[1]
    normal = np.cross(along_row, along_column)
    return np.array([along_row, along_column, normal / np.linalg.norm(normal)]), spacings[0], rounded


def _orthogonal(along_row: np.ndarray, along_column: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The nearest axes at right angles to each other and to the step from slice to slice, which is not rounded."""
    normal = step / np.linalg.norm(step)
    plane = np.array([along_row, along_column])
    plane = plane - np.outer(plane @ normal, normal)
    left, _, right = np.linalg.svd(plane, full_matrices=False)
    return np.array([*(left @ right), normal])


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


def _gaps(thickness_mm: float, step_mm: float) -> tuple[str, ...]:
    """A note where much of the head lies between the slices."""
    if not 0 < GAP * thickness_mm < step_mm:
        return ()
    return (f"The slices are {thickness_mm:.1f} mm thick and {step_mm:.1f} mm apart: what lies between was not seen.",)


def _doubts(grid: SourceGrid, uneven: float, rounded: bool) -> tuple[str, ...]:
    notes = []
    if uneven > DOUBTFUL_UNEVEN:
        notes.append(f"Slices lie up to {100 * uneven:.0f} % of their distance from their even places; taken as even.")
    if rounded:
        notes.append("The headers' directions were rounded: the slices may be turned by up to half a degree.")
    if is_sheared(grid.affine):
        notes.append("The slices are slightly shifted against each other: some viewers refuse such a volume.")
    return (*notes, *thick_slices(grid.affine))
