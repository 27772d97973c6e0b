"""`python -m uad_core preprocess`: a cohort prepared once, to train many models on."""

import argparse

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.preparation import prepare_cohort
from uad_core.commands import FOLDER, add_slab


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--cohort", **FOLDER, required=True, help="cohort of whole heads or stripped volumes")
    parser.add_argument("--out", **FOLDER, required=True, help="for the prepared cohort; must be empty")
    add_slab(parser, "%(default)s", default="paper")
    parser.add_argument("--workers", type=int, help="number of processes (default: one for each core)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prepare; subjects that cannot be prepared are named with the reason and left out."""
    cohort = open_cohort(options.cohort)
    with tqdm(total=len(cohort.subjects), unit="subject") as bar:
        for done in prepare_cohort(cohort, options.cohort, options.out, SLABS[options.slab], options.workers):
            bar.update()
            if done.problem:
                tqdm.write(f"{done.subject} left out: {done.problem}")
