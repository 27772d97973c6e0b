"""`python -m uad_core evaluate`: a cohort folder in; metrics.json, curves.json and two tables out."""

import argparse
import sys

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.commands import FOLDER, add_checkpoints, add_slab, last_name, listed
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.rows import PLAIN, open_session
from uad_core.evaluate.score_cohort import CaseProgress, progress_file, score_cohort
from uad_core.evaluate.tables import readable
from uad_core.io.command_words import as_words, command_line
from uad_core.pipeline.postprocess import LOOKS_WITHOUT_MASK, MEDIAN_SIZES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    defaults, add = EvaluateConfig(), parser.add_argument
    add("--cohort", **FOLDER, required=True, help="cohort: whole heads, prepared volumes or single slices")
    text = f"names of checkpoints, separated by commas; {PLAIN} scores the scan's own intensity"
    add("--models", required=True, help=text)
    text = "for metrics.json, curves.json and two tables; the app lists the folders in runs/evaluations"
    add("--out", **FOLDER, required=True, help=text)
    add_checkpoints(parser)
    text = "per cent of healthy residuals below the threshold (default: what suits each model)"
    add("--percentile", type=float, default=defaults.percentile, help=text)
    text = "healthy cohort that the percentile refers to (default: a real one for a real cohort)"
    add("--reference", help=text)
    text = "edge of the median filter, voxels of 1 mm (default: %(default)s)"
    add("--median-size", type=int, choices=MEDIAN_SIZES, default=defaults.median_size, help=text)
    text = "residual: absolute, only too bright, both, or the one that suits each model (default: %(default)s)"
    add("--signed", choices=SIGN_CHOICES, default=defaults.signed, help=text)
    text = "rim taken off the brain masks (default: %(default)g)"
    add("--erosion-mm", type=float, default=defaults.erosion_mm, help=text)
    text = "smaller regions are removed (default: %(default)g)"
    add("--min-lesion-mm3", type=float, default=defaults.min_lesion_mm3, help=text)
    add("--look", choices=LOOKS_WITHOUT_MASK, default=defaults.look, help="where to look (default: %(default)s)")
    text = "per cent; raises the percentile's threshold in each scan so that no more of what is flagged is false"
    add("--false-discovery", type=float, metavar="RATE", help=text)
    add("--limit", type=int, help="largest number of patients, and of healthy subjects")
    add_slab(parser, "those that the models know")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the table, write the files. Raises as `open_session` and `score_cohort` do."""
    same = ("percentile", "signed", "reference", "median_size", "erosion_mm", "min_lesion_mm3", "limit", "look",
            "false_discovery")  # fmt: skip
    slab = SLABS[options.slab] if options.slab else None
    config = EvaluateConfig(**{name: getattr(options, name) for name in same}, slab=slab)
    session = open_session(options.cohort, listed(options.models), config, options.checkpoints)
    command = command_line("evaluate", recorded_words(options, config))
    with progress_file(options.out) as counted, tqdm(unit="subject") as bar:

        def show(progress: CaseProgress) -> None:
            if progress.problem:
                tqdm.write(f"{progress.subject} left out: {progress.problem}", file=sys.stderr)
            for note in progress.case.notes if progress.case else ():
                tqdm.write(f"{progress.subject}: {note}", file=sys.stderr)
            bar.total = progress.total
            bar.update()
            counted(progress.done, progress.total)
            if progress.done == progress.total:
                bar.close()

        tables = score_cohort(session, options.out, command, on_progress=show)
    print("\n".join(readable(tables.metrics)))


def recorded_words(options: argparse.Namespace, config: EvaluateConfig) -> list[str]:
    """The arguments again, folders by their last name only."""
    given = {"cohort": last_name(options.cohort), "models": options.models}
    return as_words(given | config.options() | {"out": last_name(options.out)})
