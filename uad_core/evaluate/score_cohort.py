"""Every subject of a cohort, every model: prepare, reconstruct, filter, score; then the four files of the results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from uad_core import RESEARCH_ONLY, versions
from uad_core.evaluate.metrics_file import Metrics
from uad_core.evaluate.rows import EvaluationSession, knows
from uad_core.evaluate.score_case import NAN, Case, Score, chosen, load_case, score
from uad_core.evaluate.summary import Tables, summarise
from uad_core.evaluate.tables import model_table, patient_table
from uad_core.io.atomic import write_atomically
from uad_core.io.progress_file import ProgressWriter
from uad_core.io.sealed import write_sealed
from uad_core.io.volume import ScanError
from uad_core.pipeline.median import filtered
from uad_core.pipeline.reconstruct import reconstruct


@dataclass(frozen=True, eq=False)
class CaseProgress:
    """One subject is done, with a score a row and the case that was scored, or was refused: no case, a `problem`."""

    subject: str
    done: int
    total: int
    scores: tuple[Score, ...] = ()
    case: Case | None = None
    problem: str = ""


class Collector(Protocol):
    """Takes what it needs of each case while its scan is in memory."""

    def on_case(self, case: Case, scores: Sequence[Score]) -> None:
        """Called once for every subject that was scored, with a score a row."""


def score_cohort(
    session: EvaluationSession,
    out: Path,
    command: str,
    collectors: Sequence[Collector] = (),
    on_progress: Callable[[CaseProgress], None] = lambda progress: None,
) -> Tables:
    """Score every subject and write metrics.json, curves.json, metrics.tsv and per_patient.tsv to `out`.

    `command`: how to run this again, for the record. `on_progress` is called after each subject, refused ones among
    them. Raises ScanError: no subject could be scored; nothing is written; ValueError: no level is known to all models.
    """
    scores: list[Score] = []
    refused: dict[str, str] = {}
    for progress in score_cases(session):
        if progress.case is None:
            refused[progress.subject] = progress.problem
        else:
            scores += progress.scores
            for collector in collectors:
                collector.on_case(progress.case, progress.scores)
        on_progress(progress)
    if not scores:
        raise ScanError("cohort", f"No subject of cohort {session.cohort.name} could be evaluated.")
    tables = summarise(session, scores, refused)
    metrics: Metrics = {**tables.metrics, "use": RESEARCH_ONLY, "command": command, "versions": versions()}
    write_sealed(out / "metrics.json", metrics)
    write_sealed(out / "curves.json", tables.curves)
    write_atomically(out / "metrics.tsv", model_table(metrics).encode())
    write_atomically(out / "per_patient.tsv", patient_table(metrics).encode())
    return Tables(metrics, tables.curves)


def score_cases(session: EvaluationSession) -> Iterator[CaseProgress]:
    """Score every subject of the cohort, patients and healthy ones; all models score the same voxels.

    Every map goes through the chain of `detect`: 3-D median, eroded brain mask, threshold, small components. Of a
    cohort of single slices each scan is one level deep, and the mirrored border makes the 3-D median one in plane (5 x
    5 for 5); the healthy percentile of slices was counted the same way, that of volumes was not, so mind which
    reference stands behind it. 26-connected components are then 8-connected.

    A subject that cannot be prepared is reported and left out for all models.
    """
    subjects = chosen(session.cohort, session.config.limit)
    slab, known = session.levels()
    for done, subject in enumerate(subjects, 1):
        try:
            case = load_case(subject, slab, known, session.config.erosion_mm)
            scores = tuple(_scores(case, session))
        except ScanError as error:
            yield CaseProgress(subject.name, done, len(subjects), problem=str(error))
        else:
            yield CaseProgress(subject.name, done, len(subjects), scores, case)


def _scores(case: Case, session: EvaluationSession) -> Iterator[Score]:
    """One score a row; each model reconstructs the scan once, whatever the signs."""
    config, reconstructed = session.config, None
    for row in session.rows:
        seconds, seen, values = NAN, "", case.prepared.array
        if row.checkpoint and row.signed:
            if reconstructed is None or reconstructed.checkpoint is not row.checkpoint:
                reconstructed = reconstruct(case.prepared, row.checkpoint)
            values = reconstructed.weighted(row.signed, config.look)
            seconds = reconstructed.seconds / int(np.count_nonzero(reconstructed.searched.any(axis=(1, 2))))
            seen = knows(row.checkpoint, case.subject, session.cohort)
        values = filtered(values, case.inside, config.median_size)
        own = row.in_scan(values, case.inside, config.false_discovery)
        yield score(case, own, values, config.min_lesion_mm3, seen, seconds)


@contextmanager
def progress_file(folder: Path) -> Iterator[Callable[[int, int], None]]:
    """Keep progress.json of an evaluation's folder: whoever looks where the results will lie can watch it.

    What it gives is called with the subjects that are done and their number. The stage is "evaluate", "summarise" after
    the last subject, and at the end "done", "stopped" (Ctrl-C) or "failed" with a sentence in `message`.
    """
    writer, began = ProgressWriter(folder), perf_counter()
    known: dict[str, Any] = {"done": 0, "total": None, "seconds_left": None}

    def counted(done: int, total: int) -> None:
        known.update(done=done, total=total, seconds_left=(perf_counter() - began) / done * (total - done))
        writer.write("summarise" if done == total else "evaluate", known)

    writer.write("evaluate", known)
    try:
        yield counted
    except BaseException as error:
        writer.write_end(error, known)
        raise
    writer.write_end(None, known)
