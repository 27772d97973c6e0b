"""Cohort folders of tiny pictures: who is in them is read off their names alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.cohorts.cohort import Cohort, open_cohort


def picture(path: Path, grey: int = 99) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        Image.fromarray(np.full((9, 7), grey, np.uint8)).save(file, "PNG")


def cohort_of(folder: Path, *names: str, **texts: bytes | str) -> Path:
    """A folder with pictures called `names`, and text files `cohort.json`, `participants.tsv` by their first words."""
    folder.mkdir(exist_ok=True)
    for name in names:
        picture(folder / name)
    for word, text in texts.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / {"cohort": "cohort.json", "participants": "participants.tsv"}[word]).write_bytes(data)
    return folder


def listed(cohort: Cohort) -> list[tuple[str, bool, bool]]:
    """(name, healthy, has a brain mask) of each subject."""
    return [(one.name, one.is_healthy, one.brain_mask is not None) for one in cohort.subjects]


def grouped(folder: Path) -> list[set[str]]:
    """The sets of subjects that a split keeps together."""
    groups: dict[str, set[str]] = {}
    for subject in open_cohort(folder).subjects:
        groups.setdefault(subject.anatomy, set()).add(subject.name)
    return sorted(groups.values(), key=sorted)
