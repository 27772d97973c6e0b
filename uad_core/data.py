"""Cohort folders: who is in them, who is healthy, and the slices that a model learns from.

A cohort is a folder of `<subject>_FLAIR.nii.gz` (or .nii, or .png for a single prepared slice at
1 mm), each with an optional `<subject>_lesion.*` and `<subject>_brainmask.*` on the same grid.
`cohort.json` may say `{"name": ..., "simulated": true, "level": 87}`, the level being that of single
slices; `participants.tsv` may hold a column `anatomy` when several subjects were made from one brain:
they are then never split apart.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.atlas import MNI_18_LEVEL, Slab
from uad_core.nifti import read_mask, read_nifti
from uad_core.preprocess import Prepared, prepare, prepare_slice, propose
from uad_core.volume import ScanError

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
    def healthy(self) -> Cohort:
        return replace(self, subjects=tuple(subject for subject in self.subjects if subject.is_healthy))

    def split(self, held_out: float, seed: int) -> tuple[Cohort, Cohort]:
        """The cohort without and with a share `held_out`, (0, 1), of its anatomies, at least one each.

        Raises:
            ScanError: fewer than two anatomies, which cannot be split.
        """
        anatomies = sorted({subject.anatomy for subject in self.subjects})
        if len(anatomies) < 2:
            raise ScanError(
                "cohort", f"Cohort {self.name} has {len(anatomies)} healthy subjects; at least 2 are needed."
            )
        order = np.random.default_rng(seed).permutation(len(anatomies))
        count = min(max(1, round(held_out * len(anatomies))), len(anatomies) - 1)
        kept_out = {anatomies[index] for index in order[:count]}
        inside = tuple(subject for subject in self.subjects if subject.anatomy not in kept_out)
        outside = tuple(subject for subject in self.subjects if subject.anatomy in kept_out)
        return replace(self, subjects=inside), replace(self, subjects=outside)


def open_cohort(folder: Path) -> Cohort:
    """List a cohort folder; nothing is read but names.

    Raises:
        ScanError: no such folder, or no `<subject>_FLAIR.*` in it.
    """
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
            subjects.append(Subject(subject, path, lesion, brain_mask, anatomies.get(subject, subject), level))
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


def load_subject(subject: Subject, slab: Slab) -> Prepared:
    """Prepare one subject's scan with what its own data propose. Raises ScanError."""
    if subject.flair.suffix == ".png":
        return prepare_slice(read_grey(subject.flair), subject.level)
    scan = read_nifti(subject.flair)
    mask = read_mask(subject.brain_mask, scan) if subject.brain_mask else None
    proposed, _ = propose(scan)
    return prepare(scan, replace(proposed, slab=slab), brain_mask=mask)


def read_grey(path: Path) -> np.ndarray:
    """A grey-scale picture as (H, W) float32."""
    with Image.open(path) as image:
        return np.asarray(image.convert("F"), dtype=np.float32)


@dataclass(frozen=True)
class AugmentConfig:
    """Changes that leave a healthy slice healthy."""

    flip: bool = True  # left and right, every other time
    shift_px: int = 4  # up to, along rows and columns: registration is never exact
    gamma: float = 0.15  # exponent between 1 / (1 + gamma) and 1 + gamma: contrast differs between scanners


@dataclass(frozen=True, eq=False)
class HealthySlices:
    """Training slices of several cohorts, all in memory.

    Attributes:
        arrays: per cohort (N, 256, 256) float32.
    """

    arrays: Sequence[np.ndarray]
    augment: AugmentConfig
    seed: int

    @property
    def per_epoch(self) -> int:
        return sum(len(array) for array in self.arrays)

    def batches(self, epoch: int, batch_size: int) -> Iterator[np.ndarray]:
        """(B, 256, 256) batches; order and augmentation are functions of seed, epoch and index alone.

        Every cohort fills an equal share of an epoch, so that few real slices are not drowned in many
        simulated ones; a small cohort comes round several times. The last batch may be smaller.
        """
        order = self._order(epoch)
        for first in range(0, len(order), batch_size):
            yield np.stack(
                [self._slice(epoch, i, *order[i]) for i in range(first, min(first + batch_size, len(order)))]
            )

    def _order(self, epoch: int) -> list[tuple[int, int]]:
        rng = np.random.default_rng((self.seed, epoch))
        share = -(-self.per_epoch // len(self.arrays))
        drawn: list[tuple[int, int]] = []
        for cohort, array in enumerate(self.arrays):
            rounds = [rng.permutation(len(array)) for _ in range(-(-share // len(array)))]
            drawn += [(cohort, int(index)) for index in np.concatenate(rounds)[:share]]
        return [drawn[i] for i in rng.permutation(len(drawn))]

    def _slice(self, epoch: int, position: int, cohort: int, index: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, epoch, position))
        return augment(self.arrays[cohort][index], self.augment, rng)


def augment(picture: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """One changed copy of a (H, W) slice in [0, 1]; the background stays 0."""
    if config.flip and rng.random() < 0.5:
        picture = picture[:, ::-1]
    rows, columns = rng.integers(-config.shift_px, config.shift_px + 1, size=2)
    picture = np.roll(picture, (rows, columns), axis=(0, 1))  # the frame is wide enough that nothing wraps
    exponent = (1 + config.gamma) ** rng.uniform(-1, 1)
    changed: np.ndarray = np.power(picture, exponent, dtype=np.float32)
    return changed
