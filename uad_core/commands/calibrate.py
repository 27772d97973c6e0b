"""`python -m uad_core calibrate`: a healthy reference of one's own for a trained model, without training."""

import argparse
from typing import Any

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import open_cohort
from uad_core.commands import FOLDER, add_checkpoints, add_slab
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.progress_file import ProgressWriter
from uad_core.models.checkpoint import load_checkpoint
from uad_core.train.recalibrate import LEAST_SCANS, Recalibration, recalibrate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--model", required=True, help="name of the checkpoint")
    text = f"cohort of at least {LEAST_SCANS} healthy scans; those with a lesion mask are left out"
    add("--cohort", **FOLDER, required=True, help=text)
    text = "for the checkpoint with the new reference (default: the project's, where the app finds it)"
    add("--out", **FOLDER, default=CHECKPOINTS, help=text)
    add("--name", help="of the checkpoint that is written (default: the model's)")
    add("--run", "--run-folder", dest="run_folder", **FOLDER, help="for progress, where someone watches")
    add_checkpoints(parser)
    add_slab(parser, "those that the model knows; with fewer, its other references are left out")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Calibrate, showing progress on one line; prints how sure the threshold is."""
    checkpoint = load_checkpoint(options.model, options.checkpoints)
    slab = SLABS[options.slab] if options.slab else None
    name = options.name or options.model
    asked = Recalibration(checkpoint, open_cohort(options.cohort), options.out, name, slab)
    writer = ProgressWriter(options.run_folder) if options.run_folder else None
    known: dict[str, Any] = {"done": 0, "total": None, "sentence": None}
    try:
        with tqdm(unit="scan") as bar:
            for progress in recalibrate(asked):
                if progress.problem:
                    tqdm.write(f"{progress.subject} left out: {progress.problem}")
                bar.total = progress.total
                bar.update(progress.done - bar.n)
                known |= {"done": progress.done, "total": progress.total}
                if progress.certainty:
                    known["sentence"] = progress.certainty.sentence()
                if writer:
                    writer.write("calibrate", known)
    except BaseException as error:
        if writer:
            writer.write_end(error, known)
        raise
    if writer:
        writer.write_end(None, known)
    print(known["sentence"])
