"""Every scan once more without a model: lesions of normal intensity, and slices to hold simulation against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cc3d
import numpy as np

from uad_core.atlas import MNI_18_LEVEL, Slab
from uad_core.data import Subject
from uad_core.evaluate import EvaluateConfig, Row
from uad_core.evaluate.run import levels
from uad_core.evaluate.subjects import Scene, load_scene
from uad_core.volume import ScanError

NORMAL = (5.0, 95.0)  # percentiles of the same patient's brain outside lesions
KEPT = 8  # scenes
SLICES = 64  # of a cohort, to measure intensities and spectra on


@dataclass(frozen=True, eq=False)
class BrainSlice:
    """A slice to compare: (256, 256) float32 and the brain without lesions, bool."""

    array: np.ndarray
    brain: np.ndarray


@dataclass(frozen=True, eq=False)
class Found:
    """A lesion: its record, and its (N, 3) voxels in the slab."""

    record: dict[str, Any]
    voxels: np.ndarray


@dataclass(frozen=True)
class Survey:
    """Of one cohort: how many lesions, those of normal intensity (largest first), and slices at `level`."""

    lesions: int
    normal: tuple[Found, ...]
    level: int
    slices: tuple[BrainSlice, ...]


def survey(subjects: Sequence[Subject], rows: Sequence[Row], config: EvaluateConfig) -> Survey:
    """Look at the subjects evaluated; those that cannot be prepared were reported by `evaluate`."""
    level = subjects[0].level if subjects[0].flair.suffix == ".png" else MNI_18_LEVEL
    every = -(-len(subjects) // SLICES)
    total, normal, slices = 0, [], []
    for index, subject in enumerate(subjects):
        if subject.is_healthy and index % every:
            continue
        try:
            scene = scene_of(subject, rows, config)
        except ScanError:
            continue
        count, found = normal_lesions(scene, config.min_lesion_mm3)
        total += count
        normal += found
        if index % every == 0 and level in scene.prepared.slab.levels:
            at = scene.prepared.slab.levels.index(level)
            if scene.inside[at].any():
                slices.append(BrainSlice(scene.prepared.array[at], scene.inside[at] & ~scene.truth[at]))
    normal.sort(key=lambda one: (-one.record["ml"], one.record["subject"], one.record["level"]))
    return Survey(total, tuple(normal), level, tuple(slices))


def scene_of(subject: Subject, rows: Sequence[Row], config: EvaluateConfig) -> Scene:
    """The subject as `evaluate` sees it; the last few are kept, as a head takes long. Raises ScanError."""
    slab, known = levels(rows, config)
    return _kept_scene(subject, slab, frozenset(known), config.erosion_mm)


@lru_cache(maxsize=KEPT)
def _kept_scene(subject: Subject, slab: Slab, known: frozenset[int], erosion_mm: float) -> Scene:
    return load_scene(subject, slab, set(known), erosion_mm)


def normal_lesions(scene: Scene, min_lesion_mm3: float) -> tuple[int, list[Found]]:
    """The number of true lesions of at least `min_lesion_mm3`, and those whose median intensity is normal."""
    if not scene.truth.any():
        return 0, []
    array, labels = scene.prepared.array, cc3d.connected_components(scene.truth, connectivity=26)
    healthy = np.sort(array[scene.inside & ~scene.truth])
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
            level = scene.prepared.slab.levels[int(np.bincount(voxels[:, 0]).argmax())]
            record = {
                "subject": scene.subject.name,
                "level": level,
                "ml": len(voxels) * scene.voxel_mm3 / 1000,
                "intensity": middle,
                "rank": rank,
                "found_by": "not looked up",
            }
            found.append(Found(record, voxels))
    return total, found
