"""Every subject of a cohort, every model: reconstruct, filter, score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.evaluate.cases import Case, chosen, load_case
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.score_case import NAN, Score, score
from uad_core.io.volume import ScanError
from uad_core.models import MODELS
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import Sign
from uad_core.pipeline.reconstruct import reconstruct

PLAIN = "plain-intensity"  # the prepared scan itself as the score: no model, no checkpoint, no threshold


@dataclass(frozen=True, eq=False)
class Row:
    """A row of the table: one model with one sign of residual.

    Attributes:
        key: the model's name, with the sign behind a colon where both are shown.
        checkpoint: None for plain intensity.
        signed: None for plain intensity, which is no residual.
        reference: healthy cohort behind the thresholds.
        thresholds: the working one, then those of `EvaluateConfig.percentiles`; None without healthy residuals.
    """

    key: str
    name: str
    checkpoint: Checkpoint | None
    signed: Sign | None
    reference: str | None
    thresholds: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class CaseProgress:
    """One subject is done, with a score a row and the scene that was scored, or was refused: no scene, a `problem`."""

    subject: str
    done: int
    total: int
    scores: tuple[Score, ...] = ()
    case: Case | None = None
    problem: str = ""


def table_rows(cohort: Cohort, checkpoints: Sequence[Checkpoint], config: EvaluateConfig, plain: bool) -> list[Row]:
    """The rows to fill, in the order of the checkpoints, plain intensity last.

    The thresholds come from the checkpoints' healthy scans alone. Unless the config names a reference, it is a
    real one for a real cohort and a simulated one for a simulated cohort, as far as there is one: what is
    healthy differs more between the two than between models.

    Raises:
        ValueError: nothing to evaluate, a model twice, or an unknown reference.
    """
    if not checkpoints and not plain:
        raise ValueError("name at least one model")
    if len({checkpoint.name for checkpoint in checkpoints}) < len(checkpoints):
        raise ValueError("a model was named twice")
    rows = []
    for checkpoint in checkpoints:
        spec = MODELS.get(checkpoint.record["model"])
        reference = config.reference or _reference(checkpoint, cohort.simulated)
        for signed in config.signs(spec.signed if spec else "absolute"):
            healthy = checkpoint.calibration.histogram(signed, config.median_size, reference)
            thresholds = tuple(healthy.threshold(value) for value in (config.percentile, *config.percentiles))
            key = f"{checkpoint.name}:{signed}" if config.signed == "both" else checkpoint.name
            rows.append(Row(key, checkpoint.name, checkpoint, signed, reference, thresholds))
    return [*rows, Row(PLAIN, PLAIN, None, None, None, None)] if plain else rows


def _reference(checkpoint: Checkpoint, simulated: bool) -> str:
    calibration = checkpoint.calibration
    alike = sorted(name for name, value in calibration.references.items() if value.simulated == simulated)
    return alike[0] if alike else calibration.default_reference


def levels(rows: Sequence[Row], config: EvaluateConfig) -> tuple[Slab, set[int]]:
    """The slab to prepare, and the levels of it that every model was trained on.

    Raises:
        ValueError: no level is known to all models.
    """
    slabs = [row.checkpoint.slab for row in rows if row.checkpoint]
    slab = config.slab or (slabs[0] if slabs else PAPER_SLAB)
    known = set(WHOLE_BRAIN.levels)
    for value in slabs:
        known &= set(value.levels)
    if not known:
        raise ValueError("the models were trained on different axial levels; evaluate them apart")
    return slab, known


def evaluate(cohort: Cohort, rows: Sequence[Row], config: EvaluateConfig) -> Iterator[CaseProgress]:
    """Score every subject of the cohort, patients and healthy ones; models share every voxel that is looked at.

    Every map goes through the chain of `detect`: 3-D median, eroded brain mask, threshold, small components.
    Of a cohort of single slices each scan is one level deep, and the mirrored border makes the 3-D median
    one in plane (5 x 5 for 5); the healthy percentile of slices was counted the same way, that of volumes
    was not, so mind which reference stands behind it. 26-connected components are then 8-connected.

    A subject that cannot be prepared is reported and left out for all models.
    """
    subjects = chosen(cohort, config.limit)
    slab, known = levels(rows, config)
    for done, subject in enumerate(subjects, 1):
        try:
            case = load_case(subject, slab, known, config.erosion_mm)
            scores = tuple(_scores(case, rows, config, cohort))
        except ScanError as error:
            yield CaseProgress(subject.name, done, len(subjects), problem=str(error))
        else:
            yield CaseProgress(subject.name, done, len(subjects), scores, case)


def _scores(case: Case, rows: Sequence[Row], config: EvaluateConfig, cohort: Cohort) -> Iterator[Score]:
    """One score a row; each model reconstructs the scan once, whatever the signs."""
    reconstructed = None
    for row in rows:
        seconds, seen, values = NAN, "", case.prepared.array
        if row.checkpoint and row.signed:
            if reconstructed is None or reconstructed.checkpoint is not row.checkpoint:
                reconstructed = reconstruct(case.prepared, row.checkpoint)
            values = reconstructed.residual(row.signed)
            seconds = reconstructed.seconds / int(np.count_nonzero(reconstructed.searched.any(axis=(1, 2))))
            seen = knows(row.checkpoint, case.subject, cohort)
        values = filtered(values, case.inside, config.median_size)
        yield score(case, row.key, seen, values, row.thresholds, config.min_lesion_mm3, seconds)


def knows(checkpoint: Checkpoint, subject: Subject, cohort: Cohort) -> str:
    """What a checkpoint has of a subject, by the cohort's name.

    Returns:
        "trained" on it, "calibrated": among the healthy scans of its percentiles, "anatomy": trained on another
        subject of this cohort that was made from the same brain; otherwise "".
    """
    for entry in checkpoint.record.get("trained_on", []):
        if entry["cohort"] != cohort.name:
            continue
        if subject.name in entry["subjects"]:
            return "trained"
        if subject.name in entry.get("held_out", []):
            return "calibrated"
        trained = set(entry["subjects"])
        if subject.anatomy in {other.anatomy for other in cohort.subjects if other.name in trained}:
            return "anatomy"
    return ""
