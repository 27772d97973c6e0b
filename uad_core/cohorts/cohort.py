"""Cohort folders: who is in them, who is healthy, and their scans as a model sees them.

A cohort is a folder of `<subject>_FLAIR.nii.gz` (or .nii, or .png for a single prepared slice at 1 mm), each with an
optional `<subject>_lesion.*` and `<subject>_brainmask.*` on the same grid. `cohort.json` may say `{"name": ...,
"simulated": true, "level": 87}`, the level being that of single slices; `participants.tsv` may hold a column `anatomy`
when several subjects were made from one brain: they are then never split apart.
"""

import csv
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.io.volume import ScanError

FLAIR = re.compile(r"^(?P<subject>.+)_FLAIR\.(nii|nii\.gz|png)$")


@dataclass(frozen=True)
class Subject:
    """One person's files; `anatomy` is what a split must not tear apart, `level` where a single slice lies."""

    name: str
    flair: Path
    lesion: Path | None
    brain_mask: Path | None
    anatomy: str
    level: int = MNI_18_LEVEL  # of a single slice
    prepared: bool = False  # already in atlas space, denoised and scaled

    @property
    def is_healthy(self) -> bool:
        """A subject with a lesion mask is a patient."""
        return self.lesion is None


@dataclass(frozen=True)
class Cohort:
    name: str
    simulated: bool
    subjects: tuple[Subject, ...]

    @property
    def healthy(self) -> "Cohort":
        return replace(self, subjects=tuple(subject for subject in self.subjects if subject.is_healthy))

    def split(self, held_out: float, seed: int) -> "tuple[Cohort, Cohort]":
        """The cohort without and with a share `held_out`, (0, 1), of its two or more anatomies, at least one each."""
        anatomies = sorted({subject.anatomy for subject in self.subjects})
        if len(anatomies) < 2:
            few = f"Cohort {self.name} has {len(anatomies)} healthy subjects; at least 2 are needed."
            raise ScanError("cohort", few)
        order = np.random.default_rng(seed).permutation(len(anatomies))
        count = min(max(1, round(held_out * len(anatomies))), len(anatomies) - 1)
        kept_out = {anatomies[index] for index in order[:count]}
        inside = tuple(subject for subject in self.subjects if subject.anatomy not in kept_out)
        outside = tuple(subject for subject in self.subjects if subject.anatomy in kept_out)
        return replace(self, subjects=inside), replace(self, subjects=outside)


def open_cohort(folder: Path) -> Cohort:
    """List a cohort folder; nothing is read but names. Raises ScanError where it holds no `<subject>_FLAIR.*`."""
    if not folder.is_dir():
        raise ScanError("cohort", "The cohort folder does not exist. Check its path.")
    files = {path.name: path for path in sorted(folder.iterdir())}
    about = json.loads(files["cohort.json"].read_text()) if "cohort.json" in files else {}
    level = about.get("level", MNI_18_LEVEL)
    anatomies = _anatomies(files.get("participants.tsv"))
    subjects = []
    for name, path in files.items():
        if match := FLAIR.match(name):
            subject = match["subject"]
            lesion, brain_mask = (_companion(files, subject, kind) for kind in ("lesion", "brainmask"))
            anatomy = anatomies.get(subject, subject)
            subjects.append(Subject(subject, path, lesion, brain_mask, anatomy, level, about.get("prepared", False)))
    if not subjects:
        raise ScanError("cohort", "The cohort folder holds no file named <subject>_FLAIR.nii.gz, .nii or .png.")
    return Cohort(about.get("name", folder.resolve().name), about.get("simulated", False), tuple(subjects))


def _companion(files: dict[str, Path], subject: str, kind: str) -> Path | None:
    names = (f"{subject}_{kind}.{extension}" for extension in ("nii.gz", "nii", "png"))
    return next((files[name] for name in names if name in files), None)


def _anatomies(participants: Path | None) -> dict[str, str]:
    if participants is None:
        return {}
    with participants.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["participant_id"]: row["anatomy"] for row in rows if row.get("anatomy")}
