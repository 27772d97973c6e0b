"""Small trainings: a cohort of pictures of the template's own slice, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.atlas.template import template
from uad_core.io.paths import ROOT
from uad_core.models.calibration import Calibration


def picture_cohort(folder: Path, count: int) -> Path:
    """`count` noisy pictures of the template's slice at MNI z = 18 mm."""
    folder.mkdir(parents=True, exist_ok=True)
    atlas = template()
    rng = np.random.default_rng(0)
    grey, brain = atlas.flair.array[MNI_18_LEVEL], atlas.brain_mask[MNI_18_LEVEL]
    for i in range(count):
        noisy = np.where(brain, np.clip(grey + rng.normal(0, 5, grey.shape), 1, 255), 0)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"sub-{i}_FLAIR.png")
    return folder


def start(*words: str | Path) -> subprocess.Popen[bytes]:
    """`python -m uad_core train ...` in a process of its own."""
    command = [sys.executable, "-m", "uad_core", "train", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(process: subprocess.Popen[bytes]) -> str:
    """What it printed; fails where it failed."""
    printed = process.communicate()[0].decode(errors="replace")
    assert process.returncode == 0, printed[-3000:]
    return printed


def no_calibration(*_: object) -> Calibration:
    """In place of `calibrate`, the slowest part of a small training, where a test is not about it."""
    return Calibration(2.0, {})
