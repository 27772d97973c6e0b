"""Any setting of a detection as a command line."""

from __future__ import annotations

import shlex
from dataclasses import asdict

from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions

SLAB_NAMES = {PAPER_SLAB: "paper", WHOLE_BRAIN: "whole"}  # on the command line


def command_line(checkpoint: Checkpoint, config: DetectConfig, prepare_options: PrepareOptions | None = None) -> str:
    """`python -m uad_core detect` with this setting: the model, and what differs from the defaults.

    It names no file of the user's: words in capitals stand in place of them.

    Raises:
        ValueError: `prepare_options` has axial levels that the command line has no word for.
    """
    usual, prepare_options = (
        DetectConfig(postprocess=PostprocessConfig(signed=checkpoint.spec.signed)),
        prepare_options or PrepareOptions(),
    )
    words = ["python", "-m", "uad_core", "detect", "YOUR_SCAN.nii.gz", "--out", "results", "--model", checkpoint.name]
    chosen = {**asdict(config), **asdict(config.postprocess)}
    for key, default in {**asdict(usual), **asdict(usual.postprocess)}.items():
        if key != "postprocess" and chosen[key] != default:
            words += _option(key, chosen[key])
    if prepare_options.slab is not None:
        if prepare_options.slab not in SLAB_NAMES:
            raise ValueError("the command line knows the paper's axial levels and those of the whole brain only")
        words += ["--slab", SLAB_NAMES[prepare_options.slab]]
    for step in ("strip", "register"):
        if (wanted := getattr(prepare_options, step)) is not None:
            words.append(f"--{step}" if wanted else f"--no-{step}")
    for file in ("brain_mask", "atlas"):
        if getattr(prepare_options, file) is not None:
            words += _option(file, f"YOUR_{file.upper()}.nii.gz")
    return shlex.join(words)


def _option(key: str, value: str | float) -> list[str]:
    """`--key value`; a number as short as it can be read back."""
    short = f"{value:g}" if isinstance(value, float) else str(value)
    text = short if not isinstance(value, float) or float(short) == value else repr(value)
    name = f"--{key.replace('_', '-')}"
    return [f"{name}={text}"] if text.startswith("-") else [name, text]
