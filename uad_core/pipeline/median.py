"""The cubic median of a residual, and what needs only a few of its thresholds."""

from collections.abc import Sequence

import numpy as np

from uad_core.atlas.masks import bounding_box

FEW = 60_000  # voxels
CHEAP_THRESHOLDS = 200  # so many binarisations cost less than the medians of a slab themselves


def median_above(values: np.ndarray, threshold: float, size: int) -> np.ndarray:
    """Where the `size`^3 median of `values`, (D, H, W), exceeds `threshold`; borders as scipy's `reflect`."""
    above = (values > np.float32(threshold)).astype(np.uint8)
    return _majority(_box_sum(above, size, 0), size)


def _majority(columns: np.ndarray, size: int) -> np.ndarray:
    """Where more than half of a cube of `size`^3 is counted: `columns`, (D, H, W), holds counts of `size` levels."""
    counts = columns
    for axis in (1, 2):
        counts = _box_sum(counts, size, axis)
    return counts > size**3 // 2


def _box_sum(counts: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Sum over `size` neighbours along `axis`, mirrored at the borders."""
    if size == 1:
        return counts
    reach, length = size // 2, counts.shape[axis]
    # 7 x 7 x 7 ones, and already 9 x 9 x 9 along the third axis, do not fit in a byte
    fits = int(counts.max(initial=0)) * size < 256
    indices = _mirror(np.arange(-reach, length + reach), length)
    padded = counts.astype(np.uint8 if fits else np.uint16, copy=False).take(indices, axis=axis)

    def shifted(offset: int) -> np.ndarray:
        return padded[(slice(None),) * axis + (slice(offset, offset + length),)]

    total = shifted(0) + shifted(1)
    for offset in range(2, size):
        total += shifted(offset)
    return total


def _mirror(indices: np.ndarray, length: int) -> np.ndarray:
    """Indices as scipy's `reflect` folds them: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ..., any number of times."""
    folded = indices % (2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


def survival(values: np.ndarray, inside: np.ndarray, thresholds: Sequence[float], size: int) -> np.ndarray:
    """For each of ascending `thresholds`, the voxels of `inside` whose median exceeds it: (T,) int64."""
    box = bounding_box(inside, margin=size // 2)
    values, left = values[box], inside[box]
    counts = np.zeros(len(thresholds), np.int64)
    highest = float(values.max(initial=0))
    for index, threshold in enumerate(thresholds):
        if threshold >= highest:
            break  # a median is never above the largest value
        left = median_above(values, threshold, size) & left
        counts[index] = np.count_nonzero(left)
        if counts[index] <= FEW:  # their medians cost less than the thresholds that are left
            medians = np.sort(filtered(values, left, size)[left])
            above = np.array(thresholds[index + 1 :], np.float32)
            counts[index + 1 :] = medians.size - np.searchsorted(medians, above, side="right")
            break
    return counts


def residual_counts(values: np.ndarray, inside: np.ndarray, size: int, edges: np.ndarray) -> np.ndarray:
    """Histogram of the `size`^3 median within `inside`: (len(edges) - 1,) int64, bins open on the left.

    The first bin also takes what lies below it, the last one what lies above: nothing is left out. A few bins come from
    as many thresholds, many from the medians themselves; both give the same counts.
    """
    inner = edges[1:-1].astype(np.float32)
    if len(inner) > CHEAP_THRESHOLDS:
        medians = filtered(values, inside, size)[inside]
        return np.bincount(np.searchsorted(inner, medians), minlength=len(edges) - 1)
    above = survival(values, inside, inner.tolist(), size)
    return -np.diff(np.concatenate([[np.count_nonzero(inside)], above, [0]]))


def filtered(values: np.ndarray, inside: np.ndarray, size: int) -> np.ndarray:
    """The `size`^3 median of `values`, (D, H, W) float32, where `inside`, and 0 elsewhere; exact.

    Equal to `scipy.ndimage.median_filter`, borders mirrored (`reflect`), in a quarter of its time. A single slice is
    its own neighbour in a mirror: there the median is that of `size` x `size` pixels in plane.
    """
    result = np.zeros_like(values)
    if size == 1:
        result[inside] = values[inside]
        return result
    window = (size if len(values) > 1 else 1, size, size)
    padded = np.pad(values, [(edge // 2, edge // 2) for edge in window], mode="symmetric")
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, window)
    middle = int(np.prod(window)) // 2
    for index in np.flatnonzero(inside.any(axis=(1, 2))):
        gathered = neighbours[index][inside[index]].reshape(-1, 2 * middle + 1)
        gathered.partition(middle, axis=1)
        result[index][inside[index]] = gathered[:, middle]
    return result


def filtered_slice(values: np.ndarray, index: int, size: int, levels: np.ndarray) -> np.ndarray:
    """Axial slice `index` of the `size`^3 median, in steps: (H, W) float32, for display.

    Each pixel gets the highest of the ascending `levels` that its median exceeds, or 0: a grey scale for little time.
    """
    reach = size // 2
    block = values[_mirror(np.arange(index - reach, index + reach + 1), len(values))]
    steps = np.zeros(values.shape[1:], np.float32)
    for level in levels:
        columns = (block > np.float32(level)).sum(axis=0, dtype=np.uint8, keepdims=True)
        above = _majority(columns, size)[0]
        if not above.any():
            break
        steps[above] = level
    return steps
