"""One cohort: evaluated, its files written, its pictures taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, versions
from uad_core.evaluate import EvaluateConfig, Row, Score, evaluate, summarise, table_rows
from uad_core.evaluate.cases import Case
from uad_core.evaluate.tables import model_table, patient_table
from uad_core.experiment.case_cache import CaseCache
from uad_core.experiment.cohorts import CohortSource, OnMessage
from uad_core.experiment.examples import finders, look, looks, reconstructed
from uad_core.experiment.report import CohortResults, Lesions, SlicePanel
from uad_core.experiment.survey import CaseSurvey, SubtleLesion, Survey, survey, view
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint

DRAWN = 6  # patients with a lesion of normal intensity


def score_to_results(
    site: CohortSource,
    checkpoints: Sequence[Checkpoint],
    plain: bool,
    config: EvaluateConfig,
    out: Path,
    command: str,
    on_message: OnMessage,
) -> tuple[CohortResults, Survey]:
    """Evaluate and write metrics.json, curves.json, metrics.tsv, per_patient.tsv and lesions.json to `out`.

    Raises:
        ScanError: no subject could be evaluated.
        ValueError: as `table_rows`.
    """
    cohort, level = site.cohort, site.cohort.subjects[0].level
    rows = table_rows(cohort, checkpoints, config, plain)
    cases = CaseCache(cohort, rows, config)
    scores: dict[str, dict[str, Score]] = {}  # subject -> row -> score
    refused: dict[str, str] = {}
    views: list[CaseSurvey] = []
    for progress in evaluate(cohort, rows, config):
        if progress.case:
            scores[progress.subject] = {one.row: one for one in progress.scores}
            views.append(view(cases.keep(progress.case), level, config.min_lesion_mm3))
        else:
            refused[progress.subject] = progress.problem
        on_message(
            f"{cohort.name}: {progress.subject} ({progress.done} of {progress.total}) {progress.problem}".rstrip()
        )
    if not scores:
        raise ScanError("cohort", f"No subject of cohort {cohort.name} could be evaluated.")
    every = [one for own in scores.values() for one in own.values()]
    tables = summarise(cohort, rows, every, config, refused)
    metrics = tables.metrics | {"use": RESEARCH_ONLY, "command": command, "versions": versions()}
    write_json(out / "metrics.json", metrics)
    write_json(out / "curves.json", tables.curves)
    write_atomically(out / "metrics.tsv", model_table(metrics).encode())
    write_atomically(out / "per_patient.tsv", patient_table(metrics).encode())

    on_message(f"{cohort.name}: pictures.")
    found = survey(views, level)
    lesions = _lesions(cases, rows, scores, config, found)
    write_json(out / "lesions.json", {"lesions": lesions.total, "normal": list(lesions.rows)})
    example, again, worst = _pictures(cases, rows, scores, config, metrics)
    return CohortResults(metrics, tables.curves, example, again, worst, lesions, site.folder, site.sentences), found


def _pictures(
    cases: CaseCache,
    rows: Sequence[Row],
    scores: Mapping[str, Mapping[str, Score]],
    config: EvaluateConfig,
    metrics: Mapping[str, Any],
) -> tuple[tuple[SlicePanel, ...], tuple[SlicePanel, ...], tuple[SlicePanel, ...]]:
    """The looks of Fig. 4, the same slice reconstructed, and the worst case of each row."""

    def seen(name: str, shown: Sequence[Row]) -> tuple[SlicePanel, ...]:
        return looks(cases[name], shown, scores[name], config, notes(metrics, name))

    middle = typical(metrics)
    example, again = (seen(middle, rows), reconstructed(cases[middle], rows)) if middle else ((), ())
    worst = ((poorest(metrics, row.key), row) for row in rows)
    return example, again, tuple(one for name, row in worst if name for one in seen(name, [row]))


def _lesions(
    cases: CaseCache,
    rows: Sequence[Row],
    scores: Mapping[str, Mapping[str, Score]],
    config: EvaluateConfig,
    found: Survey,
) -> Lesions:
    """Every lesion of normal intensity with the models that found it; of the first patients the largest drawn."""
    by_patient: dict[str, list[int]] = {}
    for number, one in enumerate(found.normal):
        by_patient.setdefault(one.record["subject"], []).append(number)
    records = [dict(one.record) for one in found.normal]
    drawn: list[SlicePanel] = []
    for name, numbers in by_patient.items():
        case = cases[name]
        keys = finders(case, rows, scores[name], config, [found.normal[number].voxels for number in numbers])
        for number, own in zip(numbers, keys, strict=True):
            records[number]["found_by"] = ", ".join(own) or "no model"
        if len(drawn) < DRAWN:
            drawn.append(_outlined(case, found.normal[numbers[0]]))
    return Lesions(found.lesions, tuple(records), tuple(drawn))


def _outlined(case: Case, lesion: SubtleLesion) -> SlicePanel:
    """A lesion, as the look's mask, on its fullest slice."""
    level, mask = lesion.record["level"], np.zeros(case.truth.shape, bool)
    mask[tuple(lesion.voxels.T)] = True
    note = f"{1000 * lesion.record['ml']:.0f} mm³, level {level}"
    return look(case, case.prepared.slab.levels.index(level), "", note, mask=mask)


def notes(metrics: Mapping[str, Any], subject: str) -> dict[str, str]:
    """`D 0.41` by row: the patient's Dice at the healthy percentile."""
    own = (row for row in metrics["per_patient"] if row["subject"] == subject and row["dice"] is not None)
    return {row["model"]: f"D {row['dice']:.2f}" for row in own}


def typical(metrics: Mapping[str, Any]) -> str | None:
    """The patient whose Dice (without any: AUPRC), averaged over rows, is the median one; the lower of two."""
    figure = "dice" if any(row["dice"] is not None for row in metrics["per_patient"]) else "auprc"
    values: dict[str, list[float]] = {}
    for row in metrics["per_patient"]:
        if row[figure] is not None:
            values.setdefault(row["subject"], []).append(row[figure])
    order = sorted(values, key=lambda name: (sum(values[name]) / len(values[name]), name))
    return order[(len(order) - 1) // 2] if order else None


def poorest(metrics: Mapping[str, Any], key: str) -> str | None:
    """The patient of a row's lowest Dice, or AUPRC; of equal ones the lowest AUPRC."""
    own = [row for row in metrics["per_patient"] if row["model"] == key and row["auprc"] is not None]
    worst = min(own, key=lambda row: (row["dice"] or 0, row["auprc"], row["subject"]), default=None)
    return worst["subject"] if worst else None
