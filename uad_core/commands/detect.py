"""`python -m uad_core detect`: a scan in, a lesion mask out."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.atlas.space import SLABS
from uad_core.detect.command_line import command_line
from uad_core.detect.from_file import detect_file
from uad_core.detect.presets import read_preset
from uad_core.io.paths import CHECKPOINTS
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("scan", type=Path, help="FLAIR head scan: NIfTI file, DICOM folder or zip")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    add_setting(parser)
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
    parser.set_defaults(run=run)


def add_setting(parser: argparse.ArgumentParser) -> None:
    """Model and setting; without defaults here, as a preset may give them."""
    detect, post = DetectConfig(), PostprocessConfig()
    parser.add_argument("--preset", type=Path, help="a setting that the app saved; options given beside it win")
    parser.add_argument("--model", help=f"checkpoint name (default: {STRONGEST})")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="folder of checkpoints")
    parser.add_argument("--percentile", type=float, help=f"of healthy residuals, 0 to 100 ({detect.percentile:g})")
    parser.add_argument("--threshold", type=float, help="residual in normalised intensity; replaces the percentile")
    parser.add_argument(
        "--reference", help="healthy cohort behind the percentile (default: a real one if there is one)"
    )
    parser.add_argument("--median-size", type=int, choices=MEDIAN_SIZES, help=f"voxels ({post.median_size})")
    parser.add_argument("--signed", choices=SIGNS, help="residual (default: the one that suits the model)")
    parser.add_argument("--erosion-mm", type=float, help=f"of the brain mask ({post.erosion_mm:g})")
    parser.add_argument("--min-lesion-mm3", type=float, help=f"smaller ones go ({post.min_lesion_mm3:g})")


def chosen_setting(options: argparse.Namespace) -> tuple[Checkpoint, DetectConfig]:
    """Model and setting: each option as given, else as the preset has it, else the default.

    A percentile that is given replaces a preset's threshold, which would win over it otherwise.
    """
    preset = read_preset(options.preset) if options.preset else None
    checkpoint = load_checkpoint(options.model or (preset.model if preset else STRONGEST), options.checkpoints)
    config = preset.config if preset else DetectConfig(postprocess=PostprocessConfig(checkpoint.spec.signed))
    if options.percentile is not None:
        config = replace(config, threshold=None)
    post = replace(config.postprocess, **_given(options, "signed", "median_size", "erosion_mm", "min_lesion_mm3"))
    return checkpoint, replace(config, **_given(options, "percentile", "threshold", "reference"), postprocess=post)


def chosen_options(options: argparse.Namespace) -> PrepareOptions:
    """What overrides the automatic preprocessing."""
    slab = SLABS[options.slab] if options.slab else None
    return PrepareOptions(slab, options.strip, options.register, options.brain_mask, options.atlas)


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def run(options: argparse.Namespace) -> None:
    """Detect, showing progress on one line; prints what was found and where it was written."""
    checkpoint, config = chosen_setting(options)
    prepare_options = chosen_options(options)
    command = command_line(checkpoint, config, prepare_options)
    print(RESEARCH_ONLY)
    with tqdm(total=100, unit="%", bar_format="{desc:<14}{bar}{percentage:3.0f}%") as bar:

        def report(step: str, fraction: float) -> None:
            bar.set_description(step)
            bar.update(100 * fraction - bar.n)

        result = detect_file(
            options.scan, checkpoint, config, options.out, prepare_options, options.subject, command, report
        )
    for sentence in result.sentences:
        print(sentence)
    for path in result.files:
        print(path)
