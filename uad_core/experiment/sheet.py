"""One cohort: evaluated, its files written, its pictures taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, versions
from uad_core.checkpoint import Checkpoint
from uad_core.data import Subject
from uad_core.evaluate import EvaluateConfig, Row, Score, evaluate, summarise, table_rows
from uad_core.evaluate.subjects import chosen
from uad_core.evaluate.tables import model_table, patient_table
from uad_core.experiment.cohorts import Say, Site
from uad_core.experiment.inspect import Seen, Wish, inspect, look
from uad_core.experiment.survey import Survey, scene_of, survey
from uad_core.files import write_atomically, write_json
from uad_core.report import Lesions, Look, Sheet
from uad_core.volume import ScanError

LOOKED_UP, LOOKED_UP_SLICES = 3, 12  # patients whose normal-looking lesions are looked for in the masks
DRAWN = 6  # of them


def make_sheet(
    site: Site,
    checkpoints: Sequence[Checkpoint],
    plain: bool,
    config: EvaluateConfig,
    out: Path,
    command: str,
    say: Say,
) -> tuple[Sheet, Survey]:
    """Evaluate and write metrics.json, curves.json, metrics.tsv, per_patient.tsv and lesions.json to `out`.

    Raises:
        ScanError: no subject could be evaluated.
        ValueError: as `table_rows`.
    """
    cohort = site.cohort
    rows = table_rows(cohort, checkpoints, config, plain)
    scores: list[Score] = []
    refused: dict[str, str] = {}
    for progress in evaluate(cohort, rows, config):
        scores += progress.scores
        if progress.problem:
            refused[progress.subject] = progress.problem
        say(
            f"{cohort.name}: {progress.subject} ({progress.done} of {progress.total}) {progress.problem or ''}".rstrip()
        )
    if not scores:
        raise ScanError("cohort", f"No subject of cohort {cohort.name} could be evaluated.")
    tables = summarise(cohort, rows, scores, config, refused)
    metrics = tables.metrics | {"use": RESEARCH_ONLY, "command": command, "versions": versions()}
    write_json(out / "metrics.json", metrics)
    write_json(out / "curves.json", tables.curves)
    write_atomically(out / "metrics.tsv", model_table(metrics).encode())
    write_atomically(out / "per_patient.tsv", patient_table(metrics).encode())
    del scores

    say(f"{cohort.name}: pictures.")
    subjects = {one.name: one for one in chosen(cohort, config.limit) if one.name not in refused}
    found = survey(list(subjects.values()), rows, config)
    seen, example, worst = _pictures(site, subjects, rows, config, metrics, found)
    lesions = _lesions(subjects, rows, config, found, seen, LOOKED_UP_SLICES if site.slices else LOOKED_UP)
    write_json(out / "lesions.json", {"lesions": lesions.total, "normal": list(lesions.rows)})
    return Sheet(metrics, tables.curves, example, worst, lesions, site.folder, site.sentences), found


def _pictures(
    site: Site,
    subjects: Mapping[str, Subject],
    rows: Sequence[Row],
    config: EvaluateConfig,
    metrics: Mapping[str, Any],
    found: Survey,
) -> tuple[dict[str, Seen], tuple[Look, ...], tuple[Look, ...]]:
    """What was seen by subject, the looks of Fig. 4, and the worst case of each row."""
    keys = [row.key for row in rows]
    middle, worst = typical(metrics), {key: poorest(metrics, key) for key in keys}
    wishes: dict[str, Wish] = {}

    def wish(name: str) -> Wish:
        return wishes.setdefault(name, Wish(subjects[name]))

    if middle:
        wish(middle).rows |= set(keys)
    for key, name in worst.items():
        if name:
            wish(name).rows.add(key)
    patients = list(dict.fromkeys(one.record["subject"] for one in found.normal))
    for name in patients[: LOOKED_UP_SLICES if site.slices else LOOKED_UP]:
        wish(name).rows |= set(keys)
        wish(name).lesions |= {i: one.voxels for i, one in enumerate(found.normal) if one.record["subject"] == name}
    seen = {}
    for name, one in wishes.items():
        scene = scene_of(one.subject, rows, config)
        seen[name] = inspect(one, scene, rows, config, notes(metrics, name))
    example = tuple(seen[middle].looks[key] for key in keys) if middle else ()
    return seen, example, tuple(seen[name].looks[key] for key, name in worst.items() if name)


def _lesions(
    subjects: Mapping[str, Subject],
    rows: Sequence[Row],
    config: EvaluateConfig,
    found: Survey,
    seen: Mapping[str, Seen],
    looked_up: int,
) -> Lesions:
    records, looks, drawn = [], [], set[str]()
    for number, one in enumerate(found.normal):
        name = one.record["subject"]
        record = dict(one.record)
        if name in seen and number in seen[name].found_by:
            record["found_by"] = ", ".join(seen[name].found_by[number]) or "no model"
        records.append(record)
        if name not in drawn and len(drawn) < DRAWN:
            drawn.add(name)
            scene = scene_of(subjects[name], rows, config)
            index = scene.prepared.slab.levels.index(one.record["level"])
            note = f"{1000 * one.record['ml']:.0f} mm³, level {one.record['level']}"
            mask = np.zeros(scene.truth.shape, bool)
            mask[tuple(one.voxels.T)] = True
            looks.append(look(scene, index, "", note, mask=mask))
    return Lesions(found.lesions, tuple(records), looked_up, tuple(looks))


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
