"""One patient of an evaluation looked at again: the maps and masks behind the figures of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.evaluate.cases import Scene, load_scene
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.score_cohort import PLAIN, Row, levels, table_rows
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import remove_small
from uad_core.pipeline.reconstruct import reconstruct

WHITE = 99.9  # percentile of a scan's filtered residuals that is shown white


@dataclass(frozen=True, eq=False)
class Lineup:
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


def line_up(folder: Path, names: Sequence[str], config: EvaluateConfig, checkpoints: Path = CHECKPOINTS) -> Lineup:
    """The cohort and the rows as `python -m uad_core evaluate` has them.

    Raises:
        ScanError: the cohort folder is gone.
        CheckpointError: so is a checkpoint.
    """
    cohort = open_cohort(folder)
    models = [load_checkpoint(name, checkpoints) for name in names if name != PLAIN]
    return Lineup(cohort, tuple(table_rows(cohort, models, config, PLAIN in names)), config)


def scene_of(lineup: Lineup, subject: str) -> Scene:
    """That subject as it was scored. Raises ScanError where it cannot be read, or is not there any more."""
    found = next((one for one in lineup.cohort.subjects if one.name == subject), None)
    if found is None:
        raise ScanError("subject", "This subject is no longer in the cohort folder.")
    slab, known = levels(lineup.rows, lineup.config)
    return load_scene(found, slab, known, lineup.config.erosion_mm)


def map_of(lineup: Lineup, scene: Scene, key: str, progress: Callable[[float], None] | None = None) -> Map:
    """Map and mask of the row `key`, through the chain of `evaluate`; reports the share done to `progress`."""
    row = next(row for row in lineup.rows if row.key == key)
    values = scene.prepared.array
    if row.checkpoint and row.signed:
        values = reconstruct(scene.prepared, row.checkpoint, progress).residual(row.signed)
    values = filtered(values, scene.inside, lineup.config.median_size)
    mask = None
    if row.thresholds:
        above = (values > np.float32(row.thresholds[0])) & scene.inside
        mask = remove_small(above, lineup.config.min_lesion_mm3)
    return Map(row, values, mask, max(float(np.percentile(values[scene.inside], WHITE)), 1e-6))


def fullest(scene: Scene) -> int:
    """The slice with most lesion; without any, the one with most brain."""
    where = scene.truth if scene.truth.any() else scene.inside
    return int(where.sum(axis=(1, 2)).argmax())
