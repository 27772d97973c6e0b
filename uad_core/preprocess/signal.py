"""Where a scan's grey values have their zero: no signal, whatever was added to it or multiplied with it.

Preparation divides by the tissue's brightness, which means something only from there. The zero is found from the values
alone, so that z-scored scans, offsets and other affine changes of the grey values give the same result; where it is
lost, as in a scan that was z-scored within the brain and filled with 0, the scan is refused.
"""

from dataclasses import replace

import numpy as np

from uad_core.io.volume import ScanError, Volume

_SAMPLE = 2_000_000  # voxels that are looked at
_MASKED = 0.2  # share of one value from which it is a background that somebody put there
_LOWEST, _HIGHEST = 0.005, 0.98  # quantiles; in nine real scans the lowest lies within 0.01 of tissue's of the zero
_PADDING = 0.002  # least share of the volume that padding takes
_LOW_GAP, _HIGH_GAP = 0.8, 1.0  # how far padding lies from the other values, of their range
_BELOW, _MOST_BELOW = 0.25, 0.005  # voxels so far below the zero, of the range, and how many there may be
_BRAIN_ML = 2300.0  # what is not background of a stripped scan; with its air a head has 4000 and more

_BEFORE = "Give the scan as it was before its grey values were changed."


def with_zero(scan: Volume) -> tuple[Volume, tuple[str, ...]]:
    """The scan with 0 where there is no signal, padding included, and sentences on what gives cause for doubt.

    Raises ScanError (`normalise_failed`): voxels of the scan are far darker than its background.
    """
    array, warnings = scan.array, []
    padding = _padding(scan)
    values = _sample(array)
    if padding:
        kept = values[~np.isin(values, padding)]
        share = 100 * (1 - kept.size / values.size)
        warnings.append(f"{share:.1f} % of the voxels hold a padding value; they were taken as background.")
        values = kept
    faces = _faces(array)
    common = _commonest(faces[~np.isin(faces, padding)])
    masked = np.mean(values == common) >= _MASKED
    others = values[values != common] if masked else values
    if not others.size:
        return scan, tuple(warnings)
    low, high = np.quantile(others, [_LOWEST, _HIGHEST])
    zero = common if masked else low
    if not high > zero or np.mean(others < zero - _BELOW * (high - zero)) > _MOST_BELOW:
        lost = "Parts of the head are darker than its background, so it is not known which grey value is no signal"
        why = "(grey values that were normalised within the brain, inverted, or read with the wrong sign)."
        raise ScanError("normalise_failed", f"{lost} {why} {_BEFORE}")
    if zero == 0 and not padding:
        return scan, tuple(warnings)
    shifted = np.where(np.isin(array, padding), 0, array - zero) if padding else array - zero
    return replace(scan, array=shifted.astype(np.float32)), tuple(warnings)


def _sample(array: np.ndarray) -> np.ndarray:
    """(N,) at most about `_SAMPLE` values, evenly spread."""
    step = int(np.ceil((array.size / _SAMPLE) ** (1 / 3)))
    return array[::step, ::step, ::step].ravel()


def commonest_on_faces(array: np.ndarray) -> float:
    """The value that most voxels on the faces of a (D, H, W) volume have."""
    return _commonest(_faces(array))


def _commonest(values: np.ndarray) -> float:
    different, often = np.unique(values, return_counts=True)
    return different[np.argmax(often)] if different.size else np.nan


def _faces(array: np.ndarray) -> np.ndarray:
    return np.concatenate([np.take(array, end, axis=axis).ravel() for axis in range(3) for end in (0, -1)])


def _padding(scan: Volume) -> list[float]:
    """Values on the volume's faces that lie far from all others: they fill what was not measured."""
    faces, values, found = _faces(scan.array), _sample(scan.array), []
    for extreme in (np.min, np.max):
        value = extreme(faces)
        others = values[values != value]
        if not others.size or value not in (values.min(), values.max()):
            continue
        low, high = np.quantile(others, [_LOWEST, _HIGHEST])
        gap = (low - value) / _LOW_GAP if extreme is np.min else (value - high) / _HIGH_GAP
        if gap > high - low and 1 - others.size / values.size >= _PADDING and _is_no_brain(others, values, scan):
            found.append(value)
            values = others
    return found


def _is_no_brain(others: np.ndarray, values: np.ndarray, scan: Volume) -> bool:
    """Whether the rest is more than a stripped brain, so that it has a background of its own."""
    millilitres = others.size / values.size * scan.array.size * scan.voxel_mm3 / 1000
    return millilitres > _BRAIN_ML
