"""Single scans looked at again, for pictures and for single lesions; what is not asked for is not redrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uad_core.data import Subject
from uad_core.evaluate import EvaluateConfig, Row
from uad_core.evaluate.subjects import Scene
from uad_core.pipeline import reconstruct
from uad_core.postprocess import filtered, remove_small
from uad_core.render import crop_box
from uad_core.report import Look

FOUND_FROM = 0.1  # share of a lesion that must be flagged, as in `metrics.lesion_scores`


@dataclass
class Wish:
    """What is to be seen of one subject.

    Attributes:
        rows: keys of the rows that are to be run.
        lesions: number -> (N, 3) voxels, to be looked for in the masks.
    """

    subject: Subject
    rows: set[str] = field(default_factory=set)
    lesions: dict[int, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Seen:
    """What came of a wish: a picture a row, and the rows that found each lesion."""

    looks: Mapping[str, Look]
    found_by: Mapping[int, tuple[str, ...]]


def inspect(wish: Wish, scene: Scene, rows: Sequence[Row], config: EvaluateConfig, notes: Mapping[str, str]) -> Seen:
    """Run the rows wished for on one scan, through the chain of `evaluate`.

    Args:
        notes: by row key, to stand above its segmentation.
    """
    looks: dict[str, Look] = {}
    found: dict[int, list[str]] = {number: [] for number in wish.lesions}
    for row in (row for row in rows if row.key in wish.rows):
        values = scene.prepared.array
        if row.checkpoint and row.signed:
            values = reconstruct(scene.prepared, row.checkpoint).residual(row.signed)
        values = filtered(values, scene.inside, config.median_size)
        mask = None
        if row.thresholds:
            mask = remove_small((values > np.float32(row.thresholds[0])) & scene.inside, config.min_lesion_mm3)
            for number, voxels in wish.lesions.items():
                if mask[tuple(voxels.T)].mean() >= FOUND_FROM:
                    found[number].append(row.key)
        looks[row.key] = look(scene, fullest(scene), row.key, notes.get(row.key, ""), values, mask)
    return Seen(looks, {number: tuple(keys) for number, keys in found.items()})


def fullest(scene: Scene) -> int:
    """The slice with most lesion; without any, the one with most brain."""
    where = scene.truth if scene.truth.any() else scene.inside
    return int(where.sum(axis=(1, 2)).argmax())


def look(
    scene: Scene, index: int, key: str, note: str, values: np.ndarray | None = None, mask: np.ndarray | None = None
) -> Look:
    """One slice of a scene, cropped to the brain."""
    box = (index, *crop_box(scene.prepared.brain_mask))
    return Look(
        key=key,
        subject=scene.subject.name,
        level=scene.prepared.slab.levels[index],
        note=note,
        scan=scene.prepared.array[box],
        truth=scene.truth[box],
        values=None if values is None else values[box],
        mask=None if mask is None else mask[box],
        white=1.0 if values is None else max(float(np.percentile(values[scene.inside], 99.9)), 1e-6),
    )
