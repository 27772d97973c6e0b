"""`python -m uad_core train`: a training from the command line, new or resumed, on one process or many."""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import open_cohort
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.models import MODELS
from uad_core.train import RunFolder, TrainConfig, Training, TrainProgress, train
from uad_core.train.batches import AugmentConfig
from uad_core.train.config import CHOICES, parse_settings, recorded_command

OPTIONS = {  # TrainConfig's field -> type
    "epochs": int,
    "batch_size": int,
    "seed": int,
    "held_out": float,
    "schedule": str,
    "precision": str,
    "clip_norm": float,
    "patience": int,
    "minutes": float,
    "calibration_scans": int,
}
HELP = {
    "epochs": "passes over all training slices",
    "batch_size": "slices in each step, over all processes together",
    "seed": "same seed and same data: same weights",
    "held_out": "share of the healthy subjects kept for validation and calibration",
    "clip_norm": "largest norm of each objective's gradient",
    "patience": "end after this many epochs without a lower error on held-out slices",
    "calibration_scans": "largest number of held-out scans of each cohort to calibrate on",
    "minutes": "end after the epoch in which this time is over",
    "schedule": "of the learning rates: constant, or falling to 0",
    "precision": "auto: bf16 on a GPU, else 32 bits",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    defaults, augment = TrainConfig(), AugmentConfig()
    parser.add_argument(
        "--model",
        default=defaults.model,
        choices=MODELS,
        metavar="MODEL",
        help=f"one of {', '.join(MODELS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--cohort",
        type=Path,
        metavar="FOLDER",
        action="append",
        default=[],
        help="cohort whose healthy subjects are learnt from; may be given more than once",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", default=CHECKPOINTS, help="of checkpoints (default: the project's)"
    )
    parser.add_argument("--name", help="of the checkpoint (default: the model's name)")
    parser.add_argument(
        "--run",
        "--run-folder",
        dest="run_folder",
        type=Path,
        metavar="FOLDER",
        help="for progress, pictures and snapshots (default: NAME in the app's folder of runs); after torchrun, "
        "write --run-folder",
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help="continue the training in this run folder")
    parser.add_argument(
        "--slab",
        choices=SLABS,
        default="paper",
        help="axial levels: the paper's 20, or the whole brain (default: %(default)s)",
    )
    parser.add_argument("--device", default=defaults.device, help="auto, cpu, cuda or cuda:1 (default: %(default)s)")
    for name, kind in OPTIONS.items():
        default = getattr(defaults, name)
        text = f"{HELP.get(name, '')} (default: {'none' if default is None else default})".strip()
        parser.add_argument(_flag(name), type=kind, default=default, choices=CHOICES.get(name), help=text)
    parser.add_argument("--compile", action="store_true", help="use torch.compile, which needs a C++ compiler")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the model; a wrong KEY lists them"
    )
    parser.add_argument(
        "--shift-px", type=int, default=augment.shift_px, help="largest random shift (default: %(default)s)"
    )
    parser.add_argument(
        "--gamma", type=float, default=augment.gamma, help="range of random contrast (default: %(default)s)"
    )
    parser.add_argument("--no-flip", action="store_true", help="no random left-right flips")
    parser.add_argument(
        "--snapshot-minutes",
        type=float,
        default=defaults.snapshot_minutes,
        help="between snapshots to resume from (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, showing progress on one line."""
    training = resumed(options) if options.resume else begun(options)
    stages = train(training)
    if int(os.environ.get("RANK", "0")) > 0:  # one of several processes speaks for all
        for _ in stages:
            pass
        return
    with tqdm(total=1.0, bar_format="{desc}{bar}{percentage:3.0f}% {postfix}") as bar:
        for progress in stages:
            _show(bar, progress)
    if progress.stage == "stopped":
        print(f"Stopped. To go on: python -m uad_core train --resume {training.run}")


def begun(options: argparse.Namespace) -> Training:
    """A new training, watched in the folder whose runs the app lists, unless another is named.

    Raises ScanError: a folder that is no cohort; ValueError: no cohort is named, or a setting will not do.
    """
    config = read_config(options)
    cohorts = [open_cohort(path) for path in options.cohort]
    if not cohorts:
        raise ValueError("Name at least one cohort folder: --cohort FOLDER (or --resume RUN).")
    name = options.name or config.model
    command = recorded_command(cohorts, config, name)
    return Training(cohorts, config, options.out, name, command, options.run_folder or RUNS / name)


def resumed(options: argparse.Namespace) -> Training:
    """The training in the folder of `--resume`, with this call's time limit. Raises as `RunFolder.read_settings`."""
    training = RunFolder(options.resume).read_settings()
    return replace(training, config=replace(training.config, minutes=options.minutes))


def _show(bar: "tqdm[None]", progress: TrainProgress) -> None:
    losses = " ".join(f"{key} {value:.4f}" for key, value in progress.losses.items())
    speed = f"{progress.images_per_second:.1f} images/s, {progress.seconds_left / 60:.0f} min left"
    bar.set_description(f"{progress.stage} {progress.epoch}/{progress.epochs}")
    if progress.losses:
        bar.set_postfix_str(f"{losses} validation {progress.validation:.4f} {speed}")
    bar.update(progress.fraction - bar.n)
    if progress.stage == "train" and progress.fraction == 1.0:
        tqdm.write(f"epoch {progress.epoch}: {losses} validation {progress.validation:.5f}, {speed}")


def read_config(options: argparse.Namespace) -> TrainConfig:
    """The options as a config. Raises ValueError for a setting that the model does not have."""
    return TrainConfig(
        model=options.model,
        slab=SLABS[options.slab],
        device=options.device,
        compile=options.compile,
        snapshot_minutes=options.snapshot_minutes,
        augment=AugmentConfig(not options.no_flip, options.shift_px, options.gamma),
        settings=parse_settings(options.model, options.set),
        **{name: getattr(options, name) for name in OPTIONS},
    )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
