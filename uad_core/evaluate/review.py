"""One patient of an evaluation looked at again: the maps and masks behind the figures of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.evaluate.cases import Case, load_case
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.score_cohort import PLAIN, Row, levels, table_rows
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import mask_above
from uad_core.pipeline.reconstruct import reconstruct

WHITE = 99.9  # percentile of a scan's filtered residuals that is shown white


@dataclass(frozen=True, eq=False)
class EvaluationSession:
    """An evaluation with its cohort and models in memory."""

    cohort: Cohort
    rows: tuple[Row, ...]
    config: EvaluateConfig

    def changed(self, sha256: dict[str, str | None]) -> list[str]:
        """Names of models whose weights are no longer those of `sha256`: row key -> what was evaluated."""
        return [
            row.key for row in self.rows if row.checkpoint and sha256.get(row.key) not in (None, row.checkpoint.sha256)
        ]


@dataclass(frozen=True, eq=False)
class Map:
    """What one row of the table says of one scan.

    Attributes:
        values: (D, 256, 256) float32, filtered residual within the eroded brain, 0 elsewhere.
        mask: (D, 256, 256) bool, flagged at the working threshold; None for a row without one.
        white: the residual that is to be shown white.
    """

    row: Row
    values: np.ndarray
    mask: np.ndarray | None
    white: float


def open_session(
    folder: Path, names: Sequence[str], config: EvaluateConfig, checkpoints: Path = CHECKPOINTS
) -> EvaluationSession:
    """The cohort and the rows as `python -m uad_core evaluate` has them.

    Raises:
        ScanError: the cohort folder is gone.
        CheckpointError: so is a checkpoint.
    """
    cohort = open_cohort(folder)
    models = [load_checkpoint(name, checkpoints) for name in names if name != PLAIN]
    return EvaluationSession(cohort, tuple(table_rows(cohort, models, config, PLAIN in names)), config)


def case_of(session: EvaluationSession, subject: str) -> Case:
    """That subject as it was scored. Raises ScanError where it cannot be read, or is not there any more."""
    found = next((one for one in session.cohort.subjects if one.name == subject), None)
    if found is None:
        raise ScanError("subject", "This subject is no longer in the cohort folder.")
    slab, known = levels(session.rows, session.config)
    return load_case(found, slab, known, session.config.erosion_mm)


def map_of(session: EvaluationSession, case: Case, key: str, progress: Callable[[float], None] | None = None) -> Map:
    """Map and mask of the row `key`, through the chain of `evaluate`; reports the share done to `progress`."""
    row = next(row for row in session.rows if row.key == key)
    values = case.prepared.array
    if row.checkpoint and row.signed:
        values = reconstruct(case.prepared, row.checkpoint, progress).residual(row.signed)
    values = filtered(values, case.inside, session.config.median_size)
    mask = None
    if row.thresholds:
        mask = mask_above(values, case.inside, row.thresholds[0], session.config.min_lesion_mm3)
    return Map(row, values, mask, max(float(np.percentile(values[case.inside], WHITE)), 1e-6))


def fullest(case: Case) -> int:
    """The slice with most lesion; without any, the one with most brain."""
    where = case.truth if case.truth.any() else case.inside
    return int(where.sum(axis=(1, 2)).argmax())
