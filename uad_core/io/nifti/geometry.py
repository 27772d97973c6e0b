"""Where a NIfTI file says its voxels lie: which transform counts, in which unit, and what is doubtful."""

import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.orientations import io_orientation
from nibabel.quaternions import fillpositive, quat2mat
from nibabel.volumeutils import shape_zoom_affine

from uad_core.io.image_header import check_one_to_one, grid_doubts, is_one_to_one
from uad_core.io.limits import EXPORT_AGAIN, MAX_ORIGIN_MM, SPACING_RANGE, is_plausible
from uad_core.io.volume import ScanError, SourceGrid

ZOOM_TOLERANCE, MAX_ZOOM = 0.01, 0.05  # relative; beyond the second a volume in ml would be wrong by 16 %
MAX_APART = 0.1  # voxels between the corners of the header's two places: what rounding leaves is a thousandth
ROUNDED_NORM = 1e-5  # by which a unit quaternion may be too long; it is shortened, by less than rounding may turn it
MAX_ABSURD = 50  # times the qform's voxels: no transform of a head
UNSET = "The header's sform holds no place, so its qform was used."
ODD_CODE = "The header says of its {} what no standard knows, so it was left out: the header may be damaged."
CONTRADICTION = "Convert the scan again from DICOM, or set both transforms to the true one."
XFORM_CODES = range(1, 6)  # scanner, aligned, Talairach, MNI, other template; 0 and the rest mean unknown
MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}  # metre, millimetre, micrometre


def read_grid(fields: np.ndarray, shape: tuple[int, int, int]) -> tuple[SourceGrid, tuple[str, ...]]:
    """The source grid of a file, and sentences about what is doubtful in it.

    The sform counts where it has a code, then the qform, then the voxel size alone, as in nibabel; but an sform that is
    none, or was never set, gives way to a qform. `fields`: the header's raw ones, a 0-d structured array. Raises
    ScanError: bad_header, bad_affine, bad_spacing, and contradiction where the header's places or voxel sizes differ so
    much that viewers would show, and measure, another head.
    """
    with np.errstate(all="ignore"):  # numbers that overflow become infinite and are rejected
        stated = {name: int(fields[f"{name}_code"]) for name in ("sform", "qform")}
        sform_code, qform_code = (code if code in XFORM_CODES else 0 for code in stated.values())
        notes = tuple(ODD_CODE.format(name) for name, code in stated.items() if code not in (0, *XFORM_CODES))
        qform = _qform(fields) if qform_code else None
        if sform_code:
            affine = np.eye(4)
            affine[:3] = [fields["srow_x"], fields["srow_y"], fields["srow_z"]]
            if qform is not None and is_one_to_one(qform) and _is_unset(affine, qform):
                affine, qform, sform_code, notes = qform, None, 0, (*notes, UNSET)
        elif qform_code:
            if qform is None:
                raise ScanError("bad_header", f"The header's rotation is impossible. {EXPORT_AGAIN}")
            affine, qform = qform, None
        else:
            affine = _unplaced(fields, shape)
        check_one_to_one(affine)
        mm, unit_notes = _millimetres(fields, voxel_sizes(affine))
        affine, qform = _scaled(affine, mm), None if qform is None else _scaled(qform, mm)
        if np.abs(affine).max() > MAX_ORIGIN_MM:
            raise ScanError("bad_affine", f"The header puts the voxels impossibly far away. {EXPORT_AGAIN}")
        if qform is not None and not (np.abs(qform).max() <= MAX_ORIGIN_MM and is_plausible(voxel_sizes(qform))):
            qform = None
        zooms = np.abs(fields["pixdim"][1:4].astype(float)) * mm
        grid = SourceGrid(shape, affine, qform_code, sform_code, qform)
        _check_agreement(grid, zooms)
        return grid, (*unit_notes, *notes, *_doubts(grid, zooms))


def _is_unset(sform: np.ndarray, qform: np.ndarray) -> bool:
    """Whether an sform holds no place: zeros, NaN, absurd numbers; or the identity, where the qform is another."""
    if not is_one_to_one(sform) or np.abs(sform).max() > MAX_ORIGIN_MM:
        return True
    sizes = voxel_sizes(sform) / voxel_sizes(qform)
    absurd = sizes.max() > MAX_ABSURD or sizes.min() < 1 / MAX_ABSURD
    return bool(absurd or (np.array_equal(sform, np.eye(4)) and not np.allclose(qform, sform, atol=1e-3)))


def _check_agreement(grid: SourceGrid, zooms_mm: np.ndarray) -> None:
    """Raises ScanError (contradiction) where two statements of a header give heads of other size or other sides."""
    spacing = voxel_sizes(grid.affine)
    if is_plausible(zooms_mm) and not np.allclose(zooms_mm, spacing, rtol=MAX_ZOOM, atol=0):
        raise ScanError("contradiction", f"The header states two voxel sizes that differ widely. {CONTRADICTION}")
    if grid.qform is not None:
        if not np.array_equal(io_orientation(grid.affine), io_orientation(grid.qform)):
            turned = "The header states two orientations: left and right, or up and down, are not clear."
            raise ScanError("contradiction", f"{turned} {CONTRADICTION}")
        if not np.allclose(voxel_sizes(grid.qform), spacing, rtol=MAX_ZOOM, atol=0):
            raise ScanError("contradiction", f"The header states two voxel sizes that differ widely. {CONTRADICTION}")


def corner_distance_mm(first: np.ndarray, second: np.ndarray, shape: tuple[int, ...]) -> float:
    """How far apart two (4, 4) affines put a corner voxel of a grid of `shape`, at most."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape])).reshape(3, -1)
    difference = first - second
    return float(np.linalg.norm(difference[:3, :3] @ corners + difference[:3, 3:], axis=0).max())


def _qform(fields: np.ndarray) -> np.ndarray | None:
    """(4, 4) transform of the header's quaternion, or None where that is none."""
    quaternion = [float(fields[f"quatern_{axis}"]) for axis in "bcd"]
    # Three parts of a unit quaternion, stored in single precision or through text, may have a norm slightly above 1.
    norm = float(np.linalg.norm(quaternion))
    if 1 < norm <= 1 + ROUNDED_NORM:
        quaternion = [part / norm for part in quaternion]
    try:
        rotation = quat2mat(fillpositive(quaternion, ROUNDED_NORM))
    except ValueError:
        return None
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.abs(fields["pixdim"][1:4].astype(float))
    affine[:3, 2] *= -1 if fields["pixdim"][0] < 0 else 1  # by the standard, 0 counts as 1
    affine[:3, 3] = [fields[f"qoffset_{axis}"] for axis in "xyz"]
    return affine


def _unplaced(fields: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """The choice of nibabel for a file that only states a voxel size: LAS axes, origin in the centre."""
    zooms = np.abs(fields["pixdim"][1:4].astype(float))
    if not (np.isfinite(zooms).all() and zooms.all()):
        raise ScanError("bad_spacing", f"The header states no voxel size. {EXPORT_AGAIN}")
    return shape_zoom_affine(shape, zooms, x_flip=True)


def _millimetres(fields: np.ndarray, spacing: np.ndarray) -> tuple[float, tuple[str, ...]]:
    """Millimetres per unit of the header, whose voxels measure `spacing` units.

    Many programs ignore the unit; at most one reading of a file is plausible, and that one is taken.
    """
    stated = MM_PER_UNIT.get(int(fields["xyzt_units"]) & 7)
    name = {1000.0: "metres", 0.001: "micrometres"}.get(stated or 1.0)
    if stated and is_plausible(spacing * stated):
        note = f"The header's unit is {name}; it was converted to millimetres."
        return stated, (note,) if name else ()
    if is_plausible(spacing):
        note = f"The header's unit is {name}, which cannot be; millimetres were assumed."
        return 1.0, (note if name else "The header states no unit of length; millimetres were assumed.",)
    limits = f"each side must measure {SPACING_RANGE}. {EXPORT_AGAIN}"
    raise ScanError("bad_spacing", f"The header states an impossible voxel size: {limits}")


def _scaled(affine: np.ndarray, mm: float) -> np.ndarray:
    """In millimetres, and in the precision of a NIfTI-1 sform: a result written with it is exactly there."""
    scaled = np.eye(4)
    scaled[:3] = (affine[:3] * mm).astype(np.float32)
    return scaled


def _doubts(grid: SourceGrid, zooms_mm: np.ndarray) -> tuple[str, ...]:
    notes = []
    spacing = voxel_sizes(grid.affine)
    if not grid.sform_code and not grid.qform_code:
        notes.append("Orientation unknown: the header does not state it, so left and right may be swapped.")
    if not np.allclose(zooms_mm, spacing, rtol=ZOOM_TOLERANCE, atol=0):
        notes.append("The header states two voxel sizes; the one of its spatial transform was used.")
    if grid.qform is not None:
        apart_mm = corner_distance_mm(grid.affine, grid.qform, grid.shape)
        if apart_mm > MAX_APART * spacing.min():
            used = f"The header states two positions, up to {apart_mm:.1f} mm apart; its sform was used."
            notes.append(f"{used} Other viewers may show the scan elsewhere.")
    return (*notes, *grid_doubts(grid.affine))
