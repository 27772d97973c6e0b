"""Lesions whose intensity is normal, and which models found them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import numpy as np

from uad_core.evaluate.metrics.masks import FOUND_FROM
from uad_core.evaluate.score_case import Case, Score
from uad_core.experiment.contents import SlicePanel, SubtleLesions, SubtleRecord
from uad_core.experiment.examples import slice_panel

NORMAL = (5.0, 95.0)  # percentiles of the same patient's brain outside lesions
DRAWN = 6  # patients


@dataclass(frozen=True, eq=False)
class SubtleLesion:
    """A lesion of normal intensity: its record, and its (N, 3) voxels in the slab."""

    record: SubtleRecord
    voxels: np.ndarray


class SubtleLesionCollector:
    """Lists the lesions of normal intensity of every patient, with the rows that found them."""

    def __init__(self, min_lesion_mm3: float) -> None:
        self._min_lesion_mm3 = min_lesion_mm3
        self._total = 0
        self._records: list[SubtleRecord] = []
        self._largest: dict[str, SlicePanel] = {}  # subject -> picture

    def on_case(self, case: Case, scores: Sequence[Score]) -> None:
        total, lesions = subtle_lesions(case, self._min_lesion_mm3)
        self._total += total
        lesions.sort(key=lambda lesion: _largest_first(lesion.record))
        found_by = finders(case, scores, [lesion.voxels for lesion in lesions])
        for lesion, keys in zip(lesions, found_by, strict=True):
            self._records.append({**lesion.record, "found_by": ", ".join(keys) or "no model"})
        if lesions:
            self._largest[case.subject.name] = _outlined(case, lesions[0])

    def lesions(self) -> SubtleLesions:
        """All of them, the largest first; of the first patients the largest one as a picture."""
        records = sorted(self._records, key=_largest_first)
        patients = list(dict.fromkeys(record["subject"] for record in records))[:DRAWN]
        return SubtleLesions(self._total, tuple(records), tuple(self._largest[name] for name in patients))


def subtle_lesions(case: Case, min_lesion_mm3: float) -> tuple[int, list[SubtleLesion]]:
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
            ml = len(voxels) * case.voxel_mm3 / 1000
            record = SubtleRecord(subject=case.subject.name, level=level, ml=ml, intensity=middle, rank=rank)
            found.append(SubtleLesion(record, voxels))
    return total, found


def finders(case: Case, scores: Sequence[Score], lesions: Sequence[np.ndarray]) -> list[list[str]]:
    """For each lesion, (N, 3) voxels, the keys of the rows that found it as `metrics.lesion_scores` counts."""
    masks = {score.row: case.on_grid(score.mask) for score in scores if score.mask is not None and lesions}
    places = [tuple(voxels.T) for voxels in lesions]
    return [[key for key, mask in masks.items() if mask[place].mean() >= FOUND_FROM] for place in places]


def _largest_first(record: SubtleRecord) -> tuple[float, str, int]:
    return -record["ml"], record["subject"], record["level"]


def _outlined(case: Case, lesion: SubtleLesion) -> SlicePanel:
    """The lesion, as the panel's mask, on its fullest slice."""
    level, mask = lesion.record["level"], np.zeros(case.truth.shape, bool)
    mask[tuple(lesion.voxels.T)] = True
    note = f"{1000 * lesion.record['ml']:.0f} mm³, level {level}"
    return slice_panel(case, case.prepared.slab.levels.index(level), note, mask)
