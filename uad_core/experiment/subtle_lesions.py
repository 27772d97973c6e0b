"""What a scan shows without a model: lesions of normal intensity, and a slice to hold simulation against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np

from uad_core.evaluate.cases import Case

NORMAL = (5.0, 95.0)  # percentiles of the same patient's brain outside lesions
SLICES = 64  # of a cohort, to measure intensities and spectra on


@dataclass(frozen=True, eq=False)
class BrainSlice:
    """A slice to compare: (256, 256) float32 and the brain without lesions, bool."""

    array: np.ndarray
    brain: np.ndarray


@dataclass(frozen=True, eq=False)
class SubtleLesion:
    """A lesion: its record, and its (N, 3) voxels in the slab."""

    record: dict[str, Any]
    voxels: np.ndarray


@dataclass(frozen=True)
class CaseSurvey:
    """Of one scan: how many lesions, those of normal intensity, and the slice at the level wanted, if it has it."""

    lesions: int
    normal: tuple[SubtleLesion, ...]
    slice: BrainSlice | None


@dataclass(frozen=True)
class Survey:
    """Of one cohort: how many lesions, those of normal intensity (largest first), and slices at `level`."""

    lesions: int
    normal: tuple[SubtleLesion, ...]
    level: int
    slices: tuple[BrainSlice, ...]


def view(case: Case, level: int, min_lesion_mm3: float) -> CaseSurvey:
    """Look at one scan."""
    total, normal = normal_lesions(case, min_lesion_mm3)
    shown = None
    if level in case.prepared.slab.levels:
        at = case.prepared.slab.levels.index(level)
        if case.inside[at].any():
            shown = BrainSlice(case.prepared.array[at].copy(), case.inside[at] & ~case.truth[at])
    return CaseSurvey(total, tuple(normal), shown)


def survey(views: Sequence[CaseSurvey], level: int) -> Survey:
    """The views of a cohort's scans taken together; of many scans every so many-th gives its slice."""
    every = -(-len(views) // SLICES)
    normal = [one for each in views for one in each.normal]
    normal.sort(key=lambda one: (-one.record["ml"], one.record["subject"], one.record["level"]))
    slices = tuple(each.slice for each in views[::every] if each.slice)
    return Survey(sum(each.lesions for each in views), tuple(normal), level, slices)


def normal_lesions(case: Case, min_lesion_mm3: float) -> tuple[int, list[SubtleLesion]]:
    """The number of true lesions of at least `min_lesion_mm3`, and those whose median intensity is normal."""
    if not case.truth.any():
        return 0, []
    array, labels = case.prepared.array, cc3d.connected_components(case.truth, connectivity=26)
    healthy = np.sort(array[case.inside & ~case.truth])
    places = np.argwhere(labels)
    numbers = labels[tuple(places.T)]
    total, found = 0, []
    for number in range(1, int(labels.max()) + 1):
        voxels = places[numbers == number]
        if len(voxels) < min_lesion_mm3 or not healthy.size:  # voxels of the slab are 1 mm3
            continue
        total += 1
        middle = float(np.median(array[tuple(voxels.T)]))
        rank = 100 * float(np.searchsorted(healthy, middle)) / healthy.size
        if NORMAL[0] <= rank <= NORMAL[1]:
            level = case.prepared.slab.levels[int(np.bincount(voxels[:, 0]).argmax())]
            record = {
                "subject": case.subject.name,
                "level": level,
                "ml": len(voxels) * case.voxel_mm3 / 1000,
                "intensity": middle,
                "rank": rank,
            }
            found.append(SubtleLesion(record, voxels))
    return total, found
