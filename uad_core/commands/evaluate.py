"""`python -m uad_core evaluate`: a cohort folder in; metrics.json, curves.json and two tables out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from uad_core import RESEARCH_ONLY, versions
from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.progress import ProgressFile
from uad_core.evaluate.score_case import Score
from uad_core.evaluate.score_cohort import PLAIN, Row, evaluate, table_rows
from uad_core.evaluate.summary import summarise
from uad_core.evaluate.tables import model_table, patient_table, readable
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.command_words import as_words, command_line
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import MEDIAN_SIZES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    defaults = EvaluateConfig()
    parser.add_argument(
        "--cohort",
        type=Path,
        metavar="FOLDER",
        required=True,
        help="cohort: whole heads, prepared volumes or single slices",
    )
    parser.add_argument(
        "--models",
        required=True,
        help=f"names of checkpoints, separated by commas; {PLAIN} scores the scan's own intensity",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="for metrics.json, curves.json and two tables; the app lists the folders in runs/evaluations",
    )
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FOLDER",
        default=CHECKPOINTS,
        help="of checkpoints (default: the project's)",
    )
    parser.add_argument(
        "--percentile",
        type=float,
        default=defaults.percentile,
        help="per cent of healthy residuals below the threshold (default: %(default)g)",
    )
    parser.add_argument(
        "--reference", help="healthy cohort that the percentile refers to (default: a real one for a real cohort)"
    )
    parser.add_argument(
        "--median-size",
        type=int,
        choices=MEDIAN_SIZES,
        default=defaults.median_size,
        help="edge of the median filter, voxels of 1 mm (default: %(default)s)",
    )
    parser.add_argument(
        "--signed",
        choices=SIGN_CHOICES,
        default=defaults.signed,
        help="residual: absolute, only too bright, both, or the one that suits each model (default: %(default)s)",
    )
    parser.add_argument("--limit", type=int, help="largest number of patients, and of healthy subjects")
    parser.add_argument(
        "--slab",
        choices=SLABS,
        help="axial levels: the paper's 20, or the whole brain (default: those that the models know)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the table, write the files. Raises as `evaluate` and `load_checkpoint` do."""
    config = EvaluateConfig(
        percentile=options.percentile,
        signed=options.signed,
        reference=options.reference,
        median_size=options.median_size,
        slab=SLABS[options.slab] if options.slab else None,
        limit=options.limit,
    )
    cohort = open_cohort(options.cohort)
    names = [name.strip() for name in options.models.split(",") if name.strip()]
    checkpoints = [load_checkpoint(name, options.checkpoints) for name in names if name != PLAIN]
    rows = table_rows(cohort, checkpoints, config, plain=PLAIN in names)
    with ProgressFile(options.out) as watched:
        scores, refused = _score(cohort, rows, config, watched)
        watched.summarising()
        tables = summarise(cohort, rows, scores, config, refused)
        command = command_line("evaluate", recorded_words(options, config))
        metrics = tables.metrics | {"use": RESEARCH_ONLY, "command": command, "versions": versions()}
        write_json(options.out / "metrics.json", metrics)
        write_json(options.out / "curves.json", tables.curves)
        write_atomically(options.out / "metrics.tsv", model_table(metrics).encode())
        write_atomically(options.out / "per_patient.tsv", patient_table(metrics).encode())
    print("\n".join(readable(metrics)))


def _score(
    cohort: Cohort, rows: Sequence[Row], config: EvaluateConfig, watched: ProgressFile
) -> tuple[list[Score], dict[str, str]]:
    """Scores of all subjects and rows, and why subjects were left out. Raises ScanError if none is left."""
    scores: list[Score] = []
    refused: dict[str, str] = {}
    with tqdm(unit="subject") as bar:
        for progress in evaluate(cohort, rows, config):
            scores += progress.scores
            if progress.problem:
                refused[progress.subject] = progress.problem
                tqdm.write(f"{progress.subject} left out: {progress.problem}", file=sys.stderr)
            bar.total = progress.total
            bar.update()
            watched.subject(progress.done, progress.total)
    if not scores:
        raise ScanError("cohort", "No subject of the cohort could be evaluated.")
    return scores, refused


def recorded_words(options: argparse.Namespace, config: EvaluateConfig) -> list[str]:
    """The arguments again, folders by their last name only: a path may name a patient or a user."""
    given = {"cohort": options.cohort.resolve().name, "models": options.models}
    return as_words(given | config.options() | {"out": options.out.resolve().name})
