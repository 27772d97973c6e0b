"""What the values of a mask mean: inside, outside, neither; or no mask at all.

A mask holds 0 outside, and inside 1, 255 or another number; shares from 0 to 1, to 100 or to 255, as after an
interpolation or from a network, of which one half and more is inside; or labels. Labels that number separate lesions,
and three and more others, as of a tumour's parts, are all inside. Of the labels 1 and 2 of lesions, 2 is neither lesion
nor healthy, as in the WMH challenge (Kuijf et al. 2019).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.io.volume import ScanError

ROUNDING = 1e-3  # a mask stored with a scale may hold 0.9999999 for 1
OVERSHOOT = 0.2  # below 0 and above 1, of shares, as spline interpolation leaves it
MAX_LABELS = 64  # distinct values of a mask besides 0, unless they number lesions
MAX_SOFT = 0.03  # fraction of voxels strictly between 0 and 1 that any mask of shares may have, and, if more, of
MAX_BETWEEN = 0.75  # those above 0: a scan has 95 % and more, a smoothed brain 20 to 60
UNDECIDED = 0.05  # shares that differ more than this from 0 and from 1 are between
EQUAL, NUMBERED = 0.6, 0.97  # of neighbours inside have one label: at least, of a label map and of numbered lesions
LOW_RIM = 0.1  # of the voxels at the rim of shares may exceed one half
WRAPPED = 0.25  # of a label's neighbours that another label has
FACES = 4  # faces of a volume that are mostly inside: the mask is drawn the other way round

NO_MASK = "This is no mask: a mask holds 0 outside and 1 inside. Give the mask."
INVERTED = "The mask is drawn the other way round: its border is inside. Give one that holds 0 outside and 1 inside."
MEANING = "Whether all labels of the mask are lesions is not clear: 2 may be something else. Give one of 0 and 1."


@dataclass(frozen=True, eq=False)
class Marks:
    """What a mask marks: arrays of one shape, bool."""

    inside: np.ndarray
    ignored: np.ndarray  # neither inside nor outside
    notes: tuple[str, ...] = ()


def brain_marks(values: np.ndarray) -> np.ndarray:
    """Where a mask of anything is inside, bool. Raises ScanError: not_a_mask."""
    values = _checked(values)
    shares = _shares(values)
    inside = values > 0 if shares is None else values >= shares / 2
    if inside.all() and np.ptp(values):
        raise ScanError("not_a_mask", f"{NO_MASK} Here nothing is 0, so nothing is outside.")
    _check_side(inside, full=True)
    return inside


def lesion_marks(values: np.ndarray, may_number: bool = True) -> Marks:
    """What a mask of lesions marks. `may_number`: labels may number lesions, so that 1 and 2 alone may mean two.

    Raises ScanError: not_a_mask.
    """
    values = _checked(values)
    if not may_number:
        if not np.isin(values, (0, 1, 2)).all():
            raise ScanError("not_a_mask", f"{NO_MASK} In a prepared cohort 2 is neither lesion nor healthy.")
        return _marks(values == 1, values == 2, ())
    shares = _shares(values)
    if shares is not None:
        inside = values >= shares / 2
        between = np.abs(values / shares - 0.5) < 0.5 - UNDECIDED
        note = f"The mask holds shares from 0 to {shares:g}; one half and more was taken as lesion."
        return _marks(inside, None, (note,) if between.any() else ())
    labels = np.unique(values[values > 0]).tolist()
    if len(labels) > 2:
        note = f"The mask holds {len(labels)} labels, and all of them were taken as lesion."
        return _marks(values > 0, None, () if _equal_neighbours(values) >= NUMBERED else (note,))
    if len(labels) == 1 and labels != [2]:
        return _marks(values > 0, None, ())
    if not labels:
        return _marks(values > 0, None, ())
    first, second = values == 1, values == 2
    if labels != [1, 2] or (_is_one_piece(first) and _is_one_piece(second)):
        raise ScanError("not_a_mask", MEANING)
    if _is_wrapped(first, second) or _is_wrapped(second, first):  # a core and its rim, a brain and its lesions
        raise ScanError("not_a_mask", MEANING)
    note = "Label 2 of the mask was taken as neither lesion nor healthy, as in the WMH challenge, and is not scored."
    return _marks(first, second, (note,))


def _marks(inside: np.ndarray, ignored: np.ndarray | None, notes: tuple[str, ...]) -> Marks:
    _check_side(inside if ignored is None else inside | ignored, full=False)
    return Marks(inside, np.zeros_like(inside) if ignored is None else ignored, notes)


def _checked(values: np.ndarray) -> np.ndarray:
    """Whole numbers as such. Raises ScanError (not_a_mask) for values that are neither labels nor shares."""
    if values.min() < -OVERSHOOT * max(1.0, float(values.max())):
        raise ScanError("not_a_mask", NO_MASK)
    whole = np.rint(values)
    return whole if np.abs(values - whole).max() < ROUNDING else values


def _shares(values: np.ndarray) -> float | None:
    """What is wholly inside of a mask of shares: 1, 100 or 255; None of labels. Raises ScanError: not_a_mask."""
    inside = values[values > ROUNDING]
    high = float(inside.max(initial=0))
    whole = not np.any(values != np.rint(values))
    if not inside.size or (whole and high <= 1):
        return None
    scale = 1.0 if high <= 1 + OVERSHOOT else 100.0 if high <= 100 + ROUNDING else 255.0
    kinds, counts = np.unique(inside, return_counts=True)
    if whole:
        if values.min() < 0:
            raise ScanError("not_a_mask", NO_MASK)
        saturated = high == scale and kinds.size > 1 and kinds[0] > 0.02 * scale and counts[-1] == counts.max()
        graded = kinds.size > 2 and high <= 255 and _rim_is_low(values, scale)
        if not (saturated or graded):
            _check_labels(values, kinds.size)
            return None
    elif high > 255 + ROUNDING or (scale > 1 and kinds.size < 3):
        raise ScanError("not_a_mask", NO_MASK)
    between = int(np.count_nonzero((inside > UNDECIDED * scale) & (inside < (1 - UNDECIDED) * scale)))
    if (
        between > max(MAX_SOFT * values.size, MAX_BETWEEN * np.count_nonzero(inside > UNDECIDED * scale))
        or high < scale / 2
    ):
        raise ScanError("not_a_mask", NO_MASK)
    return scale


def _check_labels(values: np.ndarray, kinds: int) -> None:
    """Raises ScanError (not_a_mask) for whole numbers that are no labels: those of a scan."""
    if kinds == 1:
        return
    equal = _equal_neighbours(values)
    if equal < (EQUAL if kinds <= MAX_LABELS else NUMBERED):
        raise ScanError("not_a_mask", NO_MASK)


def _is_wrapped(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Whether much of what lies around `inner` is `outer`, and most of `outer` lies there; two kinds hardly touch."""
    around = ndimage.binary_dilation(inner) & ~inner
    pieces, _ = ndimage.label(outer, np.ones((3,) * outer.ndim))
    touching = np.isin(pieces, np.setdiff1d(pieces[around], 0))
    most = np.count_nonzero(touching) > np.count_nonzero(outer) / 2
    return bool(most and np.count_nonzero(around & outer) > WRAPPED * np.count_nonzero(around))


def _is_one_piece(inside: np.ndarray) -> bool:
    return bool(ndimage.label(inside, np.ones((3,) * inside.ndim))[1] == 1)


def _equal_neighbours(values: np.ndarray) -> float:
    """Which part of the neighbours that are both inside have one label; 1 where there are none."""
    equal = pairs = 0
    for axis in range(values.ndim):
        after, before = np.moveaxis(values, axis, 0)[1:], np.moveaxis(values, axis, 0)[:-1]
        both = (after > 0) & (before > 0)
        pairs += int(np.count_nonzero(both))
        equal += int(np.count_nonzero(both & (after == before)))
    return equal / pairs if pairs else 1.0


def _rim_is_low(values: np.ndarray, scale: float) -> bool:
    """Whether values rise from the rim inwards, as shares do and labels don't."""
    inside = values > 0
    rim = values[inside & ~ndimage.binary_erosion(inside)]
    return bool(np.mean(rim > scale / 2) <= LOW_RIM and values.max() > scale / 2)


def _check_side(inside: np.ndarray, full: bool) -> None:
    """Raises ScanError (not_a_mask) where the border is inside. `full`: whether everything may be inside."""
    if full and inside.all():
        return
    axes = [axis for axis in range(inside.ndim) if inside.shape[axis] > 1]
    faces = [np.take(inside, end, axis).mean() > 0.5 for axis in axes for end in (0, -1)]
    if sum(faces) >= FACES:
        raise ScanError("not_a_mask", INVERTED)
