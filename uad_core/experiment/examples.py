"""Single scans looked at again, for pictures and for single lesions, from the scores that `evaluate` left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from uad_core.evaluate import EvaluateConfig, Row, Score
from uad_core.evaluate.cases import Scene
from uad_core.evaluate.metrics.lesionwise import FOUND_FROM
from uad_core.evaluate.review import fullest
from uad_core.experiment.report import Look
from uad_core.pipeline.postprocess import remove_small
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.render.slices import crop_box


def looks(
    scene: Scene,
    rows: Iterable[Row],
    scores: Mapping[str, Score],
    config: EvaluateConfig,
    notes: Mapping[str, str],
) -> tuple[Look, ...]:
    """The fullest slice of a patient with a lesion as each row has it; no model is run.

    Args:
        scores: of this patient, by row key.
        notes: by row key, to stand above its segmentation.
    """
    index = fullest(scene)
    found = []
    for row in rows:
        values, mask = scored(scene, row, scores[row.key], config)
        found.append(look(scene, index, row.key, notes.get(row.key, ""), values, mask))
    return tuple(found)


def scored(scene: Scene, row: Row, score: Score, config: EvaluateConfig) -> tuple[np.ndarray, np.ndarray | None]:
    """Filtered score, (D, 256, 256), and the mask that it gave; None for a row without a threshold."""
    assert score.values is not None, "kept of patients with a lesion"
    values = np.zeros(scene.inside.shape, np.float32)
    values[scene.inside] = score.values
    if row.thresholds is None:
        return values, None
    above = (values > np.float32(row.thresholds[0])) & scene.inside
    return values, remove_small(above, config.min_lesion_mm3)


def finders(
    scene: Scene,
    rows: Iterable[Row],
    scores: Mapping[str, Score],
    config: EvaluateConfig,
    lesions: Sequence[np.ndarray],
) -> list[list[str]]:
    """For each lesion, (N, 3) voxels, the keys of the rows that found it as `metrics.lesion_scores` counts."""
    found: list[list[str]] = [[] for _ in lesions]
    for row in rows:
        _, mask = scored(scene, row, scores[row.key], config)
        for keys, voxels in zip(found, lesions, strict=True):
            if mask is not None and mask[tuple(voxels.T)].mean() >= FOUND_FROM:
                keys.append(row.key)
    return found


def redrawn(scene: Scene, rows: Iterable[Row]) -> tuple[Look, ...]:
    """The fullest slice as each model that redraws would have it, one look a checkpoint."""
    index, box = fullest(scene), crop_box(scene.prepared.brain_mask)
    shown = {row.name: row.checkpoint for row in rows if row.checkpoint and row.checkpoint.spec.redraws}
    found = []
    for name, checkpoint in shown.items():
        picture = reconstruct_slices(checkpoint.model, scene.prepared.array[index : index + 1])[0]
        within = np.where(scene.prepared.brain_mask[index], picture, 0)
        found.append(replace(look(scene, index, name, ""), scan=within[box]))
    return tuple(found)


def look(
    scene: Scene, index: int, key: str, note: str, values: np.ndarray | None = None, mask: np.ndarray | None = None
) -> Look:
    """One slice of a scene, cropped to the brain."""
    box = (index, *crop_box(scene.prepared.brain_mask))
    black, white = (0.0, 1.0) if values is None else np.percentile(values[scene.inside], (50, 99.9)).tolist()
    return Look(
        key=key,
        subject=scene.subject.name,
        level=scene.prepared.slab.levels[index],
        note=note,
        scan=scene.prepared.array[box].copy(),  # a view would keep the whole volume
        truth=scene.truth[box].copy(),
        values=None if values is None else values[box].copy(),
        mask=None if mask is None else mask[box].copy(),
        black=black,
        white=white,
    )
