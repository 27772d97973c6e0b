"""`python -m uad_core train`: a training from the command line, new or resumed, on one process or many."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from uad_core.atlas.space import SLABS
from uad_core.cohorts.cohort import open_cohort
from uad_core.commands import FOLDER, FOLDERS, add_slab
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.models import MODELS
from uad_core.train import RunFolder, TrainConfig, Training, TrainProgress, train
from uad_core.train.batches import AugmentConfig
from uad_core.train.config import CHOICES, parse_settings, recorded_command

OPTIONS: dict[str, tuple[type, str]] = {  # TrainConfig's field -> type, help
    "epochs": (int, "passes over all training slices"),
    "batch_size": (int, "slices in each step, over all processes together"),
    "seed": (int, "same seed and same data: same weights"),
    "held_out": (float, "share of the healthy subjects kept for validation and calibration"),
    "schedule": (str, "of the learning rates: constant, or falling to 0"),
    "precision": (str, "auto: bf16 on a GPU, or a CPU with AVX512-BF16 or AMX, else 32 bits"),
    "clip_norm": (float, "largest norm of each objective's gradient"),
    "patience": (int, "end after this many epochs without a lower error on held-out slices"),
    "minutes": (float, "end after the epoch in which this time is over"),
    "calibration_scans": (int, "largest number of held-out scans of each cohort to calibrate on"),
    "start_from": (str, "checkpoint of the same model in the folder of checkpoints to begin with"),
    "snapshot_minutes": (float, "between snapshots to resume from"),
    "device": (str, "auto, cpu, cuda or cuda:1"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    defaults, augment, add = TrainConfig(), AugmentConfig(), parser.add_argument
    text = f"one of {', '.join(MODELS)} (default: %(default)s)"
    add("--model", default=defaults.model, choices=MODELS, metavar="MODEL", help=text)
    add("--cohort", **FOLDERS, help="cohort whose healthy subjects are learnt from; may be given more than once")
    add("--out", **FOLDER, default=CHECKPOINTS, help="of checkpoints (default: the project's)")
    add("--name", help="of the checkpoint (default: the model's name)")
    text = "for progress, pictures and snapshots (default: NAME in the app's folder of runs); after torchrun, "
    add("--run", "--run-folder", dest="run_folder", **FOLDER, help=f"{text}write --run-folder")
    add("--resume", type=Path, metavar="RUN", help="continue the training in this run folder")
    add_slab(parser, "%(default)s", default="paper")
    for name, (kind, text) in OPTIONS.items():
        default, option = getattr(defaults, name), f"--{name.replace('_', '-')}"
        text = f"{text} (default: {'none' if default is None else default})"
        add(option, type=kind, default=default, choices=CHOICES.get(name), help=text)
    add("--compile", action="store_true", help="use torch.compile, which needs a C++ compiler")
    text = "a setting of the model; a wrong KEY lists them"
    add("--set", action="append", default=[], metavar="KEY=VALUE", help=text)
    add("--shift-px", type=int, default=augment.shift_px, help="largest random shift (default: %(default)s)")
    add("--gamma", type=float, default=augment.gamma, help="range of random contrast (default: %(default)s)")
    text = "thickest slice that half of the slices of a whole scan are seen as, mm (default: none)"
    add("--thick-mm", type=int, default=augment.thick_mm, help=text)
    add("--no-flip", action="store_true", help="no random left-right flips")
    parser.set_defaults(run=run, usual=vars(parser.parse_args([])))


def run(options: argparse.Namespace) -> int:
    """Train, showing progress on one line. Returns 130 where Ctrl-C or SIGTERM stopped it, after a snapshot; else 0."""
    training = resumed(options) if options.resume else begun(options)
    stages = train(training)
    if int(os.environ.get("RANK", "0")) > 0:  # one of several processes speaks for all
        for _ in stages:
            pass
        return 0
    with tqdm(total=1.0, bar_format="{desc}{bar}{percentage:3.0f}% {postfix}") as bar:
        for progress in stages:
            _show(bar, progress)
    if progress.stage != "stopped":
        return 0
    print(f"Stopped. To go on: python -m uad_core train --resume {training.run}")
    asked = training.run is not None and (training.run / "stop").exists()
    return 0 if asked else 130


def begun(options: argparse.Namespace) -> Training:
    """A new training, watched in the app's folder of runs unless another is named. Raises ScanError or ValueError."""
    config = read_config(options)
    cohorts = [open_cohort(path) for path in options.cohort]
    if not cohorts:
        raise ValueError("Name at least one cohort folder: --cohort FOLDER (or --resume RUN).")
    name = options.name or config.model
    command = recorded_command(cohorts, config, name)
    return Training(cohorts, config, options.out, name, command, options.run_folder or RUNS / name)


def resumed(options: argparse.Namespace) -> Training:
    """The training in the folder of `--resume`, with this call's time limit.

    Raises as `RunFolder.read_settings`, and ValueError for options that only a new training has.
    """
    other = [name for name, usual in options.usual.items() if getattr(options, name) != usual]
    if other := [name for name in other if name not in ("resume", "minutes", "run_folder")]:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in other)
        raise ValueError(f"A training goes on as it began; only --minutes goes with --resume. Leave out {named}.")
    training = RunFolder(options.resume).read_settings()
    return replace(training, config=replace(training.config, minutes=options.minutes))


def _show(bar: "tqdm[None]", progress: TrainProgress) -> None:
    if progress.problem:
        tqdm.write(progress.problem, file=sys.stderr)
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
        compile=options.compile,
        augment=AugmentConfig(not options.no_flip, options.shift_px, options.gamma, options.thick_mm),
        settings=parse_settings(options.model, options.set),
        **{name: getattr(options, name) for name in OPTIONS},
    )
