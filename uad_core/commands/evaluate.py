"""`python -m uad_core evaluate`: a cohort folder in; metrics.json, curves.json and two tables out."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.progress import ProgressFile
from uad_core.evaluate.rows import PLAIN, open_session
from uad_core.evaluate.score_cohort import CaseProgress, score_cohort
from uad_core.evaluate.tables import readable
from uad_core.io.command_words import as_words, command_line
from uad_core.io.paths import CHECKPOINTS
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
    """Evaluate, print the table, write the files. Raises as `open_session` and `score_cohort` do."""
    config = EvaluateConfig(
        percentile=options.percentile,
        signed=options.signed,
        reference=options.reference,
        median_size=options.median_size,
        slab=SLABS[options.slab] if options.slab else None,
        limit=options.limit,
    )
    names = [name.strip() for name in options.models.split(",") if name.strip()]
    session = open_session(options.cohort, names, config, options.checkpoints)
    command = command_line("evaluate", recorded_words(options, config))
    with ProgressFile(options.out) as file, tqdm(unit="subject") as bar:

        def show(progress: CaseProgress) -> None:
            if progress.problem:
                tqdm.write(f"{progress.subject} left out: {progress.problem}", file=sys.stderr)
            bar.total = progress.total
            bar.update()
            file.subject(progress.done, progress.total)
            if progress.done == progress.total:
                bar.close()
                file.summarising()

        tables = score_cohort(session, options.out, command, on_progress=show)
    print("\n".join(readable(tables.metrics)))


def recorded_words(options: argparse.Namespace, config: EvaluateConfig) -> list[str]:
    """The arguments again, folders by their last name only: a path may name a patient or a user."""
    given = {"cohort": options.cohort.resolve().name, "models": options.models}
    return as_words(given | config.options() | {"out": options.out.resolve().name})
