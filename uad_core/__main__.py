"""The command line: `python -m uad_core detect | train | models | simulate | template | bench`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from uad_core import RESEARCH_ONLY, __version__
from uad_core.atlas import PAPER_SLAB, WHOLE_BRAIN
from uad_core.checkpoint import CHECKPOINTS, CheckpointError, checkpoint_names, load_checkpoint
from uad_core.models import MODELS
from uad_core.pipeline import DetectConfig
from uad_core.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.train import TrainConfig
from uad_core.volume import ScanError

SLABS = {"paper": PAPER_SLAB, "whole": WHOLE_BRAIN}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 2 with one sentence on stderr for an unusable input."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ScanError, CheckpointError, ValueError, FloatingPointError, OSError) as error:
        sentence = error.strerror if isinstance(error, OSError) else str(error)
        print(f"uad_core: {sentence}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m uad_core", description=RESEARCH_ONLY)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_detect(commands.add_parser("detect", help="segment what a model of the healthy brain cannot redraw"))
    _add_train(commands.add_parser("train", help="train a model on the healthy subjects of cohort folders"))
    commands.add_parser("models", help="list the models").set_defaults(run=_models)
    _add_simulate(commands.add_parser("simulate", help="make a cohort from label maps"))
    _add_template(commands.add_parser("template", help="rebuild the FLAIR template from label maps"))
    commands.add_parser("bench", help="measure what the README claims").set_defaults(run=_bench)
    return parser


def _add_detect(parser: argparse.ArgumentParser) -> None:
    detect, post = DetectConfig(), PostprocessConfig()
    parser.add_argument("scan", type=Path, help="FLAIR head scan, NIfTI")
    parser.add_argument("--model", default="sae3", help="checkpoint name (default: %(default)s)")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="folder of checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument(
        "--percentile", type=float, default=detect.percentile, help="of healthy residuals, 0 to 100 (%(default)s)"
    )
    parser.add_argument("--threshold", type=float, help="residual in normalised intensity; replaces the percentile")
    parser.add_argument(
        "--reference", help="healthy cohort behind the percentile (default: a real one if there is one)"
    )
    parser.add_argument(
        "--median-size", type=int, choices=MEDIAN_SIZES, default=post.median_size, help="voxels (%(default)s)"
    )
    parser.add_argument("--signed", choices=SIGNS, default=post.signed, help="residual (%(default)s)")
    parser.add_argument("--erosion-mm", type=float, default=post.erosion_mm, help="of the brain mask (%(default)s)")
    parser.add_argument(
        "--min-lesion-mm3", type=float, default=post.min_lesion_mm3, help="smaller ones go (%(default)s)"
    )
    parser.add_argument(
        "--brain-mask", type=Path, help="your own brain mask on the scan's grid; replaces skull stripping"
    )
    parser.add_argument("--atlas", type=Path, help="a skull-stripped image in SRI24 space; replaces the template")
    parser.add_argument("--slab", choices=SLABS, help="axial levels (default: those that the model was trained on)")
    for step in ("strip", "register"):
        parser.add_argument(f"--{step}", action=argparse.BooleanOptionalAction, help="default: as the data propose")
    parser.add_argument(
        "--subject", help="label in file names (default: from sub-<label> in the scan's name, else scan)"
    )
    parser.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> None:
    from uad_core.detect import Wishes, detect_file

    post = PostprocessConfig(options.signed, options.median_size, options.erosion_mm, options.min_lesion_mm3)
    config = DetectConfig(options.percentile, options.threshold, options.reference, post)
    checkpoint = load_checkpoint(options.model, options.checkpoints)
    slab = SLABS[options.slab] if options.slab else None
    wishes = Wishes(slab, options.strip, options.register, options.brain_mask, options.atlas)
    command = shlex.join(("python", "-m", "uad_core", *sys.argv[1:]))
    print(RESEARCH_ONLY)
    with tqdm(total=100, unit="%", bar_format="{desc:<14}{bar}{percentage:3.0f}%") as bar:

        def show(step: str, fraction: float) -> None:
            bar.set_description(step)
            bar.update(100 * fraction - bar.n)

        result = detect_file(options.scan, checkpoint, config, options.out, wishes, options.subject, command, show)
    for sentence in result.sentences:
        print(sentence)
    for path in result.files:
        print(path)


def _add_train(parser: argparse.ArgumentParser) -> None:
    defaults = TrainConfig()
    parser.add_argument("--model", default=defaults.model, choices=MODELS, help="default: %(default)s")
    parser.add_argument("--cohort", type=Path, action="append", required=True, help="cohort folder; may be given again")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS, help="folder of checkpoints (default: the project's)")
    parser.add_argument("--name", help="of the checkpoint (default: the model's)")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=defaults.batch_size, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    parser.add_argument("--schedule", choices=("plain", "cosine"), default=defaults.schedule, help="of learning rates")
    parser.add_argument("--device", default=defaults.device, help="auto, cpu, cuda (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="stop after the epoch in which this time is over")
    parser.add_argument("--slab", choices=SLABS, default="paper", help="axial levels (default: %(default)s)")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    from uad_core.data import open_cohort
    from uad_core.train import train

    given = {"model", "epochs", "batch_size", "seed", "schedule", "device", "minutes"}
    config = replace(TrainConfig(), slab=SLABS[options.slab], **{key: getattr(options, key) for key in given})
    cohorts = [open_cohort(folder) for folder in options.cohort]
    names = " ".join(f"--cohort {cohort.name}" for cohort in cohorts)
    command = (
        f"python -m uad_core train --model {config.model} {names} --epochs {config.epochs} "
        f"--batch-size {config.batch_size} --seed {config.seed} --schedule {config.schedule} --slab {options.slab}"
    ) + (f" --minutes {config.minutes:g}" if config.minutes else "")
    with tqdm(total=1.0, bar_format="{desc}{bar}{percentage:3.0f}% {postfix}") as bar:
        for progress in train(cohorts, config, options.out, options.name or config.model, command):
            bar.set_description(f"{progress.stage} {progress.epoch}")
            losses = " ".join(f"{key} {value:.4f}" for key, value in progress.losses.items())
            bar.set_postfix_str(
                f"{losses} validation {progress.validation:.4f} {progress.images_per_second:.1f} images/s"
            )
            bar.update(progress.fraction - bar.n)
            if progress.stage == "train" and progress.fraction == 1.0 and progress.validation == progress.validation:
                tqdm.write(f"epoch {progress.epoch}: {losses} validation {progress.validation:.5f}")


def _models(options: argparse.Namespace) -> None:
    from uad_core.checkpoint import build_model

    print("name\tlatent\tparameters\tcheckpoint\tsource\tidea\tweakness")
    for name, spec in MODELS.items():
        parameters = sum(parameter.numel() for parameter in build_model(name).parameters())
        shipped = "yes" if name in checkpoint_names() else "no"
        print(name, spec.latent, parameters, shipped, spec.source, spec.idea, spec.weakness, sep="\t")


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--label-maps", type=Path, help="folder of FreeSurfer-style label maps; without: a phantom")
    parser.add_argument("--out", type=Path, required=True, help="cohort folder to write")
    parser.add_argument("--healthy", type=int, default=83, help="subjects (the paper's %(default)s)")
    parser.add_argument("--ms", type=int, default=49, help="subjects (the paper's %(default)s)")
    parser.add_argument("--seed", type=int, default=2018, help="default: %(default)s")
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> None:
    from uad_core.simulate.cohort import simulate_cohort
    from uad_core.simulate.phantom import phantom

    maps = _label_maps(options.label_maps) if options.label_maps else [phantom(options.seed + i) for i in range(10)]
    subjects = simulate_cohort(maps, options.out, options.healthy, options.ms, options.seed)
    for progress in tqdm(subjects, total=options.healthy + options.ms, unit="subject"):
        tqdm.write(f"{progress.subject}: {progress.seconds:.1f} s")


def _label_maps(folder: Path) -> list[Path]:
    """NIfTI files of a folder, in the order of their names."""
    paths = sorted(path for path in folder.glob("*.nii*") if path.name.endswith((".nii", ".nii.gz")))
    if not paths:
        raise ScanError("label_maps", "The folder holds no label maps (.nii or .nii.gz).")
    return paths


def _add_template(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--label-maps", type=Path, required=True, help="folder of FreeSurfer-style label maps")
    parser.add_argument("--target", type=Path, required=True, help="image in the space wanted: SRI24's late.nii.gz")
    parser.set_defaults(run=_template)


def _template(options: argparse.Namespace) -> None:
    from uad_core.simulate.template import build_template, read_target, write_template

    for sentence, average in build_template(_label_maps(options.label_maps), read_target(options.target)):
        print(sentence)
        if average:
            write_template(average)


def _bench(options: argparse.Namespace) -> None:
    from uad_core.bench import bench

    for line in bench():
        print(line)


if __name__ == "__main__":
    sys.exit(main())
