"""`python -m uad_core train`: a training from the command line, new or resumed, on one process or many."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.io.command_words import as_words, command_line
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.models import MODELS
from uad_core.train import RunFolder, TrainConfig, TrainProgress, train
from uad_core.train.batches import AugmentConfig
from uad_core.train.config import CHOICES, parse_settings

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
    "batch_size": "slices, over all processes together",
    "held_out": "share of the healthy subjects kept for validation and calibration",
    "clip_norm": "clip each objective's gradient to this norm",
    "patience": "end after so many epochs without a better healthy validation",
    "calibration_scans": "held-out scans of each cohort to calibrate on, at most",
    "minutes": "stop after the epoch in which this time is over",
    "schedule": "of learning rates",
    "precision": "auto: bf16 on a GPU, else 32 bits",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    defaults, augment = TrainConfig(), AugmentConfig()
    parser.add_argument("--model", default=defaults.model, choices=MODELS, help="default: %(default)s")
    parser.add_argument("--cohort", type=Path, action="append", default=[], help="cohort folder; may be given again")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS, help="folder of checkpoints (default: the project's)")
    parser.add_argument("--name", help="of the checkpoint (default: the model's)")
    parser.add_argument(
        "--run",
        "--run-folder",
        dest="run_folder",
        type=Path,
        help=f"folder to watch it by (default: {RUNS}/NAME); use the long form after torchrun",
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the training in this run folder")
    parser.add_argument("--slab", choices=SLABS, default="paper", help="axial levels (default: %(default)s)")
    parser.add_argument("--device", default=defaults.device, help="auto, cpu, cuda, cuda:1 (default: %(default)s)")
    for name, kind in OPTIONS.items():
        default = getattr(defaults, name)
        text = f"{HELP.get(name, '')} (default: {'none' if default is None else default})".strip()
        parser.add_argument(_flag(name), type=kind, default=default, choices=CHOICES.get(name), help=text)
    parser.add_argument("--compile", action="store_true", help="torch.compile; needs a C++ compiler")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="setting of the model itself")
    parser.add_argument("--shift-px", type=int, default=augment.shift_px, help="augmentation (default: %(default)s)")
    parser.add_argument("--gamma", type=float, default=augment.gamma, help="augmentation (default: %(default)s)")
    parser.add_argument("--no-flip", action="store_true", help="augmentation without left-right flips")
    parser.add_argument(
        "--snapshot-minutes", type=float, default=defaults.snapshot_minutes, help="to resume from (%(default)s)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, showing progress on one line."""
    if options.resume:
        folder = options.resume
        config, cohorts, name, out, command = RunFolder(folder).read_settings()
        config = replace(config, minutes=options.minutes)
    else:
        config = read_config(options)
        cohorts = [open_cohort(path) for path in options.cohort]
        if not cohorts:
            raise ValueError("Name at least one cohort folder: --cohort FOLDER (or --resume RUN).")
        name, out = options.name or config.model, options.out
        folder = run_folder(options)
        command = command_line("train", recorded_words(config, cohorts, name))
    stages = train(cohorts, config, out, name, command, options.resume is not None, folder)
    if int(os.environ.get("RANK", "0")) > 0:  # one of several processes speaks for all
        for _ in stages:
            pass
        return
    with tqdm(total=1.0, bar_format="{desc}{bar}{percentage:3.0f}% {postfix}") as bar:
        for progress in stages:
            _show(bar, progress)
    if progress.stage == "stopped":
        print(f"Stopped. To go on: python -m uad_core train --resume {folder}")


def _show(bar: tqdm[None], progress: TrainProgress) -> None:
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


def run_folder(options: argparse.Namespace) -> Path:
    """Where the training can be watched: in the folder whose runs the app lists, unless another is named."""
    return options.run_folder or RUNS / (options.name or options.model)


def recorded_words(config: TrainConfig, cohorts: Sequence[Cohort], name: str) -> list[str]:
    """What repeats a training, with cohort names in place of folders: a path may name a patient or a user."""
    return as_words({"name": name, "cohort": [cohort.name for cohort in cohorts]} | config.options())


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
