"""Single scans looked at again, for pictures and for single lesions, from the scores that `evaluate` left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from uad_core.evaluate import EvaluateConfig, Row, Score
from uad_core.evaluate.cases import Case
from uad_core.evaluate.metrics.lesionwise import FOUND_FROM
from uad_core.evaluate.review import fullest
from uad_core.experiment.report import SlicePanel
from uad_core.pipeline.postprocess import mask_above
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.render.slices import crop_box


def looks(
    case: Case,
    rows: Iterable[Row],
    scores: Mapping[str, Score],
    config: EvaluateConfig,
    notes: Mapping[str, str],
) -> tuple[SlicePanel, ...]:
    """The fullest slice of a patient with a lesion as each row has it; no model is run.

    Args:
        scores: of this patient, by row key.
        notes: by row key, to stand above its segmentation.
    """
    index = fullest(case)
    found = []
    for row in rows:
        values, mask = scored(case, row, scores[row.key], config)
        found.append(look(case, index, row.key, notes.get(row.key, ""), values, mask))
    return tuple(found)


def scored(case: Case, row: Row, score: Score, config: EvaluateConfig) -> tuple[np.ndarray, np.ndarray | None]:
    """Filtered score, (D, 256, 256), and the mask that it gave; None for a row without a threshold."""
    assert score.values is not None, "kept of patients with a lesion"
    values = np.zeros(case.inside.shape, np.float32)
    values[case.inside] = score.values
    if row.thresholds is None:
        return values, None
    return values, mask_above(values, case.inside, row.thresholds[0], config.min_lesion_mm3)


def finders(
    case: Case,
    rows: Iterable[Row],
    scores: Mapping[str, Score],
    config: EvaluateConfig,
    lesions: Sequence[np.ndarray],
) -> list[list[str]]:
    """For each lesion, (N, 3) voxels, the keys of the rows that found it as `metrics.lesion_scores` counts."""
    found: list[list[str]] = [[] for _ in lesions]
    for row in rows:
        _, mask = scored(case, row, scores[row.key], config)
        for keys, voxels in zip(found, lesions, strict=True):
            if mask is not None and mask[tuple(voxels.T)].mean() >= FOUND_FROM:
                keys.append(row.key)
    return found


def reconstructed(case: Case, rows: Iterable[Row]) -> tuple[SlicePanel, ...]:
    """The fullest slice as each model that reconstructs would have it, one look a checkpoint."""
    index, box = fullest(case), crop_box(case.prepared.brain_mask)
    shown = {row.name: row.checkpoint for row in rows if row.checkpoint and row.checkpoint.spec.reconstructs}
    found = []
    for name, checkpoint in shown.items():
        picture = reconstruct_slices(checkpoint.model, case.prepared.array[index : index + 1])[0]
        within = np.where(case.prepared.brain_mask[index], picture, 0)
        found.append(replace(look(case, index, name, ""), scan=within[box]))
    return tuple(found)


def look(
    case: Case, index: int, key: str, note: str, values: np.ndarray | None = None, mask: np.ndarray | None = None
) -> SlicePanel:
    """One slice of a scene, cropped to the brain."""
    box = (index, *crop_box(case.prepared.brain_mask))
    black, white = (0.0, 1.0) if values is None else np.percentile(values[case.inside], (50, 99.9)).tolist()
    return SlicePanel(
        key=key,
        subject=case.subject.name,
        level=case.prepared.slab.levels[index],
        note=note,
        scan=case.prepared.array[box].copy(),  # a view would keep the whole volume
        truth=case.truth[box].copy(),
        values=None if values is None else values[box].copy(),
        mask=None if mask is None else mask[box].copy(),
        black=black,
        white=white,
    )
