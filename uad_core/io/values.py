"""Whether voxel values can be those of a scan, and which of them are none."""

import numpy as np
from scipy import ndimage

from uad_core.io.limits import EXPORT_AGAIN, MAX_VALUE
from uad_core.io.volume import ScanError

MIN_RANGE = 1e-12  # of a scan's values: smaller ones have no normal squares in float32
FLOAT32_DIGITS = 1e-6  # a smaller range, relative to the largest value, is rounding and no image
MAX_FLAT_VALUES = 16  # an image with as few distinct values is a mask or a label map
MAX_EQUAL_NEIGHBOURS = 0.7  # measured, along each axis: label maps 0.88 to 0.90, real scans 0.00 to 0.10
HEAD = 0.1  # of the brightest signal, and of the largest slice's area: less is noise, or the head's ends
AIR_HU, MIN_AIR = -500.0, 0.01  # MR, resampled, rings to -1377, but below -500 in 0.006 % of its voxels
UNSIGNED = "Unsigned grey values were labelled as signed: the brightest ones were negative, and were put right."
MAX_NON_FINITE = 0.01  # fraction of voxels inside that may be NaN or infinite
WRAP, MIN_WRAPS = 0.75, 0.01  # jumps of this share of the range, at so many of the negative voxels, are wraps


def check_size(values: np.ndarray) -> None:
    """Raises ScanError (absurd_values) for numbers that no image holds, infinite ones among them."""
    if not max(float(values.max()), -float(values.min())) <= MAX_VALUE:
        raise ScanError("absurd_values", f"The voxels hold absurdly large numbers. {EXPORT_AGAIN}")


def check_scan(values: np.ndarray) -> tuple[str, ...]:
    """Notes about values that are doubtful for a scan. Raises ScanError: constant, looks_like_mask, missing_slices."""
    low, high = float(values.min()), float(values.max())
    if high - low <= max(MIN_RANGE, FLOAT32_DIGITS * max(high, -low)):
        raise ScanError("constant", f"All voxels have the same value, so there is no image. {EXPORT_AGAIN}")
    if _is_label_map(values):
        raise ScanError("looks_like_mask", "The image looks like a mask or a label map. Give the scan itself.")
    _refuse_blank_slices(values)
    if np.mean(values < AIR_HU) > MIN_AIR:
        return ("This looks like CT: many values are as low as that of air. Results are only meant for MR.",)
    return ()


def _refuse_blank_slices(values: np.ndarray) -> None:
    """Raises ScanError (missing_slices) for a slice of one value amid the head, as where its file was lost.

    Beyond the head's ends lie blank ones as well, and in a stripped scan bits that were left of what is around a brain.
    """
    for axis in range(values.ndim):
        others = tuple(one for one in range(values.ndim) if one != axis)
        blank = values.max(axis=others) == values.min(axis=others)
        shown = np.flatnonzero(~blank)
        if not shown.size or not blank[shown[0] : shown[-1]].any():
            continue
        nothing = np.unique(np.compress(blank, values, axis).max(axis=others))
        signal = np.where(np.isin(values, nothing), 0, np.abs(values - nothing[0]))
        if not signal.any():
            continue
        area = np.count_nonzero(signal > HEAD * np.quantile(signal[signal > 0], 0.98), axis=others)
        head = np.flatnonzero(area > HEAD * area.max())
        if blank[head[0] : head[-1]].any():
            missing = "A slice within the scan is blank: its picture is missing."
            raise ScanError("missing_slices", f"{missing} {EXPORT_AGAIN}")


def _is_label_map(values: np.ndarray) -> bool:
    """Few distinct values, or regions of one value each, however many regions there are."""
    core = values[tuple(slice(n // 4, n - n // 4) for n in values.shape)]  # an eighth of it, to be quick
    if np.unique(core).size <= MAX_FLAT_VALUES and np.unique(values).size <= MAX_FLAT_VALUES:
        return True
    background = (0.0, float(values.min()))
    for axis in range(3):  # along one axis a scan may repeat itself, where slices were copied to fill a gap
        after, before = np.moveaxis(core, axis, 0)[1:], np.moveaxis(core, axis, 0)[:-1]
        tissue = ~np.isin(after, background) & ~np.isin(before, background)
        equal = np.count_nonzero((after == before) & tissue)
        if equal <= MAX_EQUAL_NEIGHBOURS * np.count_nonzero(tissue):
            return False
    return True


def all_finite(values: np.ndarray, finite: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Float values with no signal in place of what is not a number, and a note. Raises ScanError: non_finite.

    Where not a number is what lies around the head, as SPM and FSL write it, it is background; elsewhere only single
    voxels may be none. No signal is 0, or the lowest value where that is below. `finite`: where values were numbers.
    """
    bad = finite.size - int(np.count_nonzero(finite))
    if not bad:
        return values, ()
    around = np.zeros_like(finite)
    if bad > MAX_NON_FINITE * finite.size:
        regions, _ = ndimage.label(np.isnan(values))
        faces = [np.take(regions, end, axis) for axis in range(finite.ndim) for end in (0, -1)]
        outside = np.unique(np.concatenate([face.ravel() for face in faces]))
        around = np.isin(regions, outside[outside > 0])
    inside = bad - int(np.count_nonzero(around))
    if not finite.any() or inside > MAX_NON_FINITE * np.count_nonzero(~around):
        raise ScanError("non_finite", f"Too many voxels are not numbers (NaN or infinite). {EXPORT_AGAIN}")
    values[~finite] = min(0.0, float(values[finite].min()))
    if around.any():
        return values, ("What lies around the head is not a number (NaN); it was taken as no signal.",)
    counted = "1 voxel was" if bad == 1 else f"{bad} voxels were"
    return values, (f"{counted} not a number (NaN or infinite) and taken as no signal.",)


def unwrapped(stored: np.ndarray, bits: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Stored whole numbers of so many bits; those that were written unsigned and read as signed, unsigned again.

    Bright tissue that exceeds half the range then lies next to the lowest values: neighbours differ by nearly all of
    the range, which in a picture of signed values they never do. Returns them, and a note where that was so.
    """
    whole = 2.0**bits
    spread = (WRAP - 0.5) * whole
    if not -whole / 2 <= stored.min() < -spread or not (spread < stored.max() < whole / 2 or stored.max() == 0):
        return stored, ()
    if not np.array_equal(stored, np.rint(stored)):
        return stored, ()
    faces = np.concatenate([np.take(stored, end, axis).ravel() for axis in range(stored.ndim) for end in (0, -1)])
    if np.median(faces) < -whole / 4:  # air lies at the lowest values: all of them were shifted
        return stored, ()
    if stored.max() == 0:  # nothing lies below air: all of the tissue exceeds half the range
        return np.where(stored < 0, stored + whole, stored), (UNSIGNED,)
    lowest = stored.min()  # may be padding, beside which everything is a jump
    jumps = 0
    for axis in range(stored.ndim):
        after, before = (np.moveaxis(stored, axis, 0)[part].astype(np.float64) for part in (slice(1, None), slice(-1)))
        padding = (after == lowest) | (before == lowest)
        jumps += int(np.count_nonzero((np.abs(after - before) > WRAP * whole) & ~padding))
    if jumps <= MIN_WRAPS * np.count_nonzero(stored < 0):
        return stored, ()
    return np.where(stored < 0, stored + whole, stored), (UNSIGNED,)
