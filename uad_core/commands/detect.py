"""`python -m uad_core detect`: a scan in, a lesion mask out."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.checkpoint import CHECKPOINTS, load_checkpoint
from uad_core.commands.train import SLABS
from uad_core.detect import Wishes, detect_file
from uad_core.pipeline import DetectConfig
from uad_core.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    detect, post = DetectConfig(), PostprocessConfig()
    parser.add_argument("scan", type=Path, help="FLAIR head scan: NIfTI file, DICOM folder or zip")
    parser.add_argument("--model", default="denoiser", help="checkpoint name (default: %(default)s)")
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
    parser.add_argument("--signed", choices=SIGNS, help="residual (default: the one that suits the model)")
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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Detect, showing progress on one line; prints what was found and where it was written."""
    checkpoint = load_checkpoint(options.model, options.checkpoints)
    signed = options.signed or checkpoint.spec.signed
    post = PostprocessConfig(signed, options.median_size, options.erosion_mm, options.min_lesion_mm3)
    config = DetectConfig(options.percentile, options.threshold, options.reference, post)
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
