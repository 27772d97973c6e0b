"""From a residual to a lesion mask: median, eroded brain mask, threshold, small components.

The chain of Baur et al. 2018, section 3.1, computed in another order. A threshold commutes with a
median (threshold decomposition; Fitch, Coyle and Gallagher, IEEE Trans ASSP 32 (1984) 1183): in a
window of n voxels, n odd, `median(r) > t` holds exactly where more than n // 2 of them exceed t.
So one binarisation and three running sums on small integers replace the median filter, which is
what makes a slider live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal

import cc3d
import numpy as np

Sign = Literal["absolute", "positive"]
SIGNS: tuple[Sign, ...] = ("absolute", "positive")
MEDIAN_SIZES = (1, 3, 5, 7, 9)

FEW = 200  # thresholds that cost less than the medians of a slab


@dataclass(frozen=True)
class PostprocessConfig:
    """All that turns a residual into a mask, but for the threshold."""

    signed: Sign = "absolute"  # the paper's |x - x_hat|; "positive" keeps only what is too bright
    median_size: int = 5  # edge of the cubic median window, voxels, odd; 1 switches it off
    erosion_mm: float = 2.0  # in plane; takes off the rim that imperfect skull stripping leaves
    min_lesion_mm3: float = 6.0  # the paper's 6 voxels on the 1 mm grid; smaller components go

    def __post_init__(self) -> None:
        if self.signed not in SIGNS:
            raise ValueError(f'signed must be "absolute" or "positive", got {self.signed!r}')
        if self.median_size not in MEDIAN_SIZES:
            raise ValueError(f"median_size must be one of {MEDIAN_SIZES}, got {self.median_size}")
        if self.erosion_mm < 0 or self.min_lesion_mm3 < 0:
            raise ValueError("erosion_mm and min_lesion_mm3 must not be negative")


def residual(scan: np.ndarray, reconstruction: np.ndarray, signed: Sign = "absolute") -> np.ndarray:
    """What a model could not redraw: |x - x_hat|, or max(x - x_hat, 0). Same shape, float32."""
    difference = np.asarray(scan, np.float32) - np.asarray(reconstruction, np.float32)
    return np.abs(difference) if signed == "absolute" else np.maximum(difference, 0)


def erode(brain_mask: np.ndarray, erosion_mm: float, pixel_mm: float = 1.0) -> np.ndarray:
    """`brain_mask`, (D, H, W) bool, less its rim: pixels within `erosion_mm` of the outside, in plane.

    What lies beyond the picture's edge counts as outside.
    """
    reach = floor(erosion_mm / pixel_mm + 1e-9)
    if reach == 0:
        return brain_mask.astype(bool)
    height, width = brain_mask.shape[1:]
    padded = np.pad(brain_mask.astype(bool), ((0, 0), (reach, reach), (reach, reach)))
    eroded = padded[:, reach : reach + height, reach : reach + width].copy()
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if (dy * dy + dx * dx) * pixel_mm**2 <= erosion_mm**2 + 1e-9:
                eroded &= padded[:, reach + dy : reach + dy + height, reach + dx : reach + dx + width]
    return eroded


def median_above(values: np.ndarray, threshold: float, size: int) -> np.ndarray:
    """Where the `size`^3 median of `values`, (D, H, W), exceeds `threshold`; borders as scipy's `reflect`."""
    above = values > np.float32(threshold)
    if size == 1:
        return above
    counts = above.astype(np.uint8)
    for axis in range(3):
        counts = _box_sum(counts, size, axis)
    return counts > size**3 // 2


def _box_sum(counts: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Sum over `size` neighbours along `axis`, mirrored at the borders."""
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


def remove_small(mask: np.ndarray, min_lesion_mm3: float, voxel_mm3: float = 1.0) -> np.ndarray:
    """`mask` without its 26-connected components of less than `min_lesion_mm3`."""
    smallest = int(np.ceil(min_lesion_mm3 / voxel_mm3 - 1e-9))
    if smallest <= 1 or not mask.any():
        return mask
    voxels = np.nonzero(mask)
    labels = cc3d.connected_components(mask, connectivity=26)[voxels]
    large = np.zeros_like(mask)
    large[voxels] = (np.bincount(labels) >= smallest)[labels]
    return large


def segment(
    values: np.ndarray, brain_mask: np.ndarray, threshold: float, config: PostprocessConfig, voxel_mm: float = 1.0
) -> np.ndarray:
    """The lesion mask of one residual.

    Args:
        values: (D, H, W) float32 residual, not filtered, finite.
        brain_mask: (D, H, W) bool, not eroded.
        threshold: in the residual's own units, the scan's normalised intensity.
        voxel_mm: edge of the cubic voxels.

    Returns:
        (D, H, W) bool. Equal in every voxel to `scipy.ndimage.median_filter`, times the eroded mask,
        greater than `threshold`, less the small 26-connected components.

    Raises:
        ValueError: the threshold or a residual is not finite, which would give an empty mask silently.
    """
    if not np.isfinite(threshold) or not np.isfinite(values.sum(dtype=np.float64)):
        raise ValueError("residual and threshold must be finite")
    mask = np.zeros(values.shape, bool)
    brain = _bounding_box(brain_mask, margin=config.median_size // 2)
    inside = erode(brain_mask[brain], config.erosion_mm, voxel_mm)
    found = median_above(values[brain], threshold, config.median_size) & inside
    mask[brain] = remove_small(found, config.min_lesion_mm3, voxel_mm**3)
    return mask


def _bounding_box(mask: np.ndarray, margin: int) -> tuple[slice, ...]:
    """The part of the picture that can matter to voxels of `mask`, whose windows reach `margin` beyond it."""
    box = []
    for axis, length in enumerate(mask.shape):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        first, last = (int(hit[0]), int(hit[-1])) if hit.size else (0, -1)
        box.append(slice(max(first - margin, 0), min(last + 1 + margin, length)))
    return tuple(box)


def survival(values: np.ndarray, inside: np.ndarray, thresholds: Sequence[float], size: int) -> np.ndarray:
    """For each of ascending `thresholds`, the voxels of `inside` whose median exceeds it: (T,) int64."""
    box = _bounding_box(inside, margin=size // 2)
    values, inside = values[box], inside[box]
    counts = np.zeros(len(thresholds), np.int64)
    highest = float(values.max(initial=0))
    for index, threshold in enumerate(thresholds):
        if threshold >= highest:
            break  # a median is never above the largest value
        counts[index] = np.count_nonzero(median_above(values, threshold, size) & inside)
    return counts


def residual_counts(values: np.ndarray, inside: np.ndarray, size: int, edges: np.ndarray) -> np.ndarray:
    """Histogram of the `size`^3 median within `inside`: (len(edges) - 1,) int64, bins open on the left.

    The first bin also takes what lies below it, the last one what lies above: nothing is left out.
    A few bins come from as many thresholds, many from the medians themselves; both give the same counts.
    """
    inner = edges[1:-1].astype(np.float32)
    if len(inner) > FEW:
        medians = filtered(values, inside, size)[inside]
        return np.bincount(np.searchsorted(inner, medians), minlength=len(edges) - 1)
    above = survival(values, inside, inner.tolist(), size)
    return -np.diff(np.concatenate([[np.count_nonzero(inside)], above, [0]]))


def filtered(values: np.ndarray, inside: np.ndarray, size: int) -> np.ndarray:
    """The `size`^3 median of `values`, (D, H, W) float32, where `inside`, and 0 elsewhere; exact.

    Equal to `scipy.ndimage.median_filter`, borders mirrored (`reflect`), in a quarter of its time. A single
    slice is its own neighbour in a mirror: there the median is that of `size` x `size` pixels in plane.
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
    """Axial slice `index` of the `size`^3 median, in steps: (H, W) float32, to be looked at.

    Each pixel gets the highest of the ascending `levels` that its median exceeds, or 0. A few dozen
    levels are a grey scale, and cost a twentieth of the median filter.
    """
    reach = size // 2
    block = values[_mirror(np.arange(index - reach, index + reach + 1), len(values))]
    steps = np.zeros(values.shape[1:], np.float32)
    for level in levels:
        above = median_above(block, float(level), size)[reach]
        if not above.any():
            break
        steps[above] = level
    return steps
