"""Which models score which cohort: the rows of a table, and the levels that all of them know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.cohorts.cohort import Cohort, Subject, open_cohort
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.metrics_file import ModelRow
from uad_core.io.paths import CHECKPOINTS
from uad_core.models.calibration import EDGES
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.median import residual_counts
from uad_core.pipeline.postprocess import Sign

STEPS = 20  # of each kind of threshold
PLAIN = "plain-intensity"  # the prepared scan itself as the score: no model, no checkpoint, no threshold


@dataclass(frozen=True, eq=False)
class Row:
    """A row of the table: one model with one sign of residual."""

    key: str  # the model's name, with the sign behind a colon where both are shown
    name: str
    checkpoint: Checkpoint | None  # None for plain intensity
    signed: Sign | None  # None for plain intensity, which is no residual
    reference: str | None  # healthy cohort behind the thresholds
    # the working one, then those of `EvaluateConfig.percentiles`; None without healthy residuals
    thresholds: tuple[float, ...] | None
    median_size: int = EvaluateConfig.median_size
    percentile: float | None = None  # of the working threshold

    @cached_property
    def grid(self) -> tuple[float, ...]:
        """Rising thresholds for what is counted over many: percentiles of healthy scans, and even steps up to 1."""
        steps = np.linspace(0, 1, STEPS, endpoint=False)
        if self.checkpoint is None or self.signed is None:
            return tuple(steps.tolist())
        healthy = self.checkpoint.calibration.histogram(self.signed, self.median_size, self.reference)
        ranks = [healthy.threshold(100 - share) for share in np.geomspace(30, 0.002, STEPS)]
        return tuple(np.unique([*steps, *ranks]).tolist())

    def in_scan(self, values: np.ndarray, inside: np.ndarray, rate: float | None) -> "Row":
        """The row with the working threshold of one scan: a false-discovery rate, per cent, may raise it.

        `values`: (D, 256, 256) float32, filtered; `inside`: what can be flagged. See `DetectConfig.false_discovery`.
        """
        if rate is None or self.checkpoint is None or self.signed is None or not self.thresholds:
            return self
        healthy = self.checkpoint.calibration.histogram(self.signed, self.median_size, self.reference)
        least = healthy.discovery_threshold(residual_counts(values, inside, 1, EDGES), rate / 100)
        return replace(self, thresholds=(max(self.thresholds[0], least), *self.thresholds[1:]))

    @property
    def family(self) -> str:
        """The model's name in `MODELS`; that of plain intensity is its own."""
        return self.checkpoint.record["model"] if self.checkpoint else self.name


@dataclass(frozen=True, eq=False)
class EvaluationSession:
    """A cohort, and the models that score it, in memory."""

    cohort: Cohort
    rows: tuple[Row, ...]
    config: EvaluateConfig

    def changed(self, evaluated: Iterable[ModelRow]) -> list[str]:
        """Keys of the rows whose checkpoints are no longer those that were evaluated, as far as a record tells."""
        known = {row.key: row.checkpoint for row in self.rows if row.checkpoint}
        mine = [(one, known[one.key]) for one in evaluated if one.key in known]
        return [
            one.key
            for one, own in mine
            if (own.identity != one.identity if one.identity else one.sha256 not in (None, own.sha256))
        ]

    def levels(self) -> tuple[Slab, set[int]]:
        """The slab to prepare, and its levels that every model was trained on. Raises ValueError where none is."""
        slabs = [row.checkpoint.slab for row in self.rows if row.checkpoint]
        slab = self.config.slab or (slabs[0] if slabs else PAPER_SLAB)
        known = set(WHOLE_BRAIN.levels)
        for value in slabs:
            known &= set(value.levels)
        if not known:
            raise ValueError("the models were trained on different axial levels; evaluate them apart")
        return slab, known

    def searched_levels(self) -> list[int]:
        """Atlas levels: those of the slices, or of the slab as far as the models know it."""
        slab, known = self.levels()
        slices = {subject.level for subject in self.cohort.subjects if subject.is_slice}
        return sorted(known & (slices or set(slab.levels)))


def open_session(
    folder: Path, names: Sequence[str], config: EvaluateConfig, checkpoints: Path = CHECKPOINTS
) -> EvaluationSession:
    """The cohort in `folder` and the checkpoints `names`, `PLAIN` among them. Raises as their readers, `table_rows`."""
    cohort = open_cohort(folder)
    models = [load_checkpoint(name, checkpoints) for name in names if name != PLAIN]
    return EvaluationSession(cohort, tuple(table_rows(cohort, models, config, PLAIN in names)), config)


def table_rows(cohort: Cohort, checkpoints: Sequence[Checkpoint], config: EvaluateConfig, plain: bool) -> list[Row]:
    """The rows to fill, in the order of the checkpoints, plain intensity last.

    The thresholds come from the checkpoints' healthy scans alone. Unless the config names a reference, it is a real one
    for a real cohort and a simulated one for a simulated cohort, as far as there is one: what is healthy differs more
    between the two than between models. Raises ValueError: nothing to evaluate, a model twice, or an unknown reference.
    """
    if not checkpoints and not plain:
        raise ValueError("name at least one model")
    if len({checkpoint.name for checkpoint in checkpoints}) < len(checkpoints):
        raise ValueError("a model was named twice")
    rows = []
    for checkpoint in checkpoints:
        spec = checkpoint.spec
        reference = config.reference or _reference(checkpoint, cohort.simulated)
        for signed in config.signs(spec.signed):
            healthy = checkpoint.calibration.histogram(signed, config.median_size, reference)
            percentile = config.percentile_of(spec.percentile)
            thresholds = tuple(healthy.threshold(value) for value in (percentile, *config.percentiles))
            key = f"{checkpoint.name}:{signed}" if config.signed == "both" else checkpoint.name
            row = Row(key, checkpoint.name, checkpoint, signed, reference, thresholds, config.median_size, percentile)
            rows.append(row)
    return [*rows, Row(PLAIN, PLAIN, None, None, None, None)] if plain else rows


def _reference(checkpoint: Checkpoint, simulated: bool) -> str:
    calibration = checkpoint.calibration
    alike = sorted(name for name, value in calibration.references.items() if value.simulated == simulated)
    return alike[0] if alike else calibration.default_reference


def knows(checkpoint: Checkpoint, subject: Subject, cohort: Cohort) -> str:
    """What a checkpoint has of a subject: "trained" on it, "calibrated" by it, trained on its "anatomy"; else ""."""
    before = (checkpoint.record.get("begun_with") or {}).get("trained_on") or []
    for entry in [*before, *checkpoint.record.get("trained_on", [])]:
        if entry["cohort"] != cohort.name:
            continue
        if subject.name in entry["subjects"]:
            return "trained"
        if subject.name in entry.get("held_out", []) and entry not in before:
            return "calibrated"
        trained = set(entry["subjects"])
        if subject.anatomy in {other.anatomy for other in cohort.subjects if other.name in trained}:
            return "anatomy"
    return ""
