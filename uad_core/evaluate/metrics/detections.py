"""Lesions found one by one, by their size, at so many false regions a scan: what a reader asks of a second look."""

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import numpy as np

from uad_core.evaluate.metrics.masks import FOUND_FROM
from uad_core.pipeline.postprocess import mask_above

KINDS = ("small", "medium", "large")
SIZES_MM3 = (50.0, 200.0)  # small, medium, large lesions: below, from here to there, above
FALSE_REGIONS = (1.0, 5.0)  # a scan


@dataclass(frozen=True, eq=False)
class Detections:
    """What one scan's filtered score finds at each of T rising thresholds."""

    lesions: np.ndarray  # (3,) true lesions by size
    found: np.ndarray  # (T, 3) of these
    false: np.ndarray  # (T,) flagged regions that are no lesion


def detections(
    values: np.ndarray, inside: np.ndarray, truth: np.ndarray, thresholds: Sequence[float], sizes: tuple[float, float]
) -> Detections:
    """Count in (D, H, W) arrays, as `lesion_scores` does: a tenth of a lesion flagged, a tenth of a region lesion.

    But a lesion is found only by regions that are right themselves: one region over all of the brain finds nothing.
    `sizes`: the smallest region that is left standing, and a voxel's volume in the patient, both mm3.
    """
    smallest, voxel_mm3 = sizes
    true = cc3d.connected_components(truth, connectivity=26)
    volumes = np.bincount(true.ravel())[1:]
    kinds = np.searchsorted(SIZES_MM3, volumes * voxel_mm3, side="right")
    found, false = np.zeros((len(thresholds), 3), np.int64), np.zeros(len(thresholds), np.int64)
    for index, threshold in enumerate(thresholds):
        mask = mask_above(values, inside, threshold, smallest)
        voxels = np.nonzero(mask)
        if not voxels[0].size:
            break  # nor above any higher threshold
        labels = cc3d.connected_components(mask, connectivity=26)[voxels] - 1
        right = np.bincount(labels, weights=truth[voxels]) >= FOUND_FROM * np.bincount(labels) - 1e-9
        false[index] = np.count_nonzero(~right)
        met = true[voxels][right[labels]]
        hit = np.bincount(met, minlength=len(volumes) + 1)[1:] >= FOUND_FROM * volumes - 1e-9
        found[index] = np.bincount(kinds[hit], minlength=3)
    return Detections(np.bincount(kinds, minlength=3), found, false)


def recall_by_size(scans: Sequence[Detections], false_regions: float) -> tuple[float, float, float]:
    """Share of the small, medium and large lesions of all scans found at the best threshold that is allowed.

    Allowed is one at which the scans have at most `false_regions` false regions on average; best is the one at which
    most lesions are found, whatever their size. NaN for a size without lesions, and for all where none is allowed.
    """
    lesions, found = (np.sum([getattr(one, name) for one in scans], axis=0) for name in ("lesions", "found"))
    allowed = np.mean([one.false for one in scans], axis=0) <= false_regions
    if not allowed.any():
        return (float("nan"),) * 3
    best = found[np.where(allowed, found.sum(axis=1), -1).argmax()]
    small, medium, large = (float(a / b) if b else float("nan") for a, b in zip(best, lesions, strict=True))
    return small, medium, large


def found_by_size(scans: Sequence[Detections]) -> dict[str, dict[str, float | None]]:
    """`recall_by_size` at each of `FALSE_REGIONS`, as JSON holds it; empty without scans."""
    found = {f"{count:g}": recall_by_size(scans, count) for count in FALSE_REGIONS if scans}
    return {
        count: {kind: None if np.isnan(share) else share for kind, share in zip(KINDS, shares, strict=True)}
        for count, shares in found.items()
    }
