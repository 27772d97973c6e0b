"""Cohort folders: who is in them, who is healthy, and their scans as a model sees them.

A cohort is a folder of `<subject>_FLAIR.nii.gz` (or .nii, or .png for a single prepared slice at 1 mm), each with an
optional `<subject>_lesion.*` and `<subject>_brainmask.*` on the same grid; `names` knows other names for them.
`cohort.json` may say `{"name": ..., "simulated": true, "level": 87}`, the level being that of single slices;
`participants.tsv` may hold a column `anatomy` when several subjects were made from one brain: they are then never split
apart, and neither are the visits of one person, which `sub-<label>` tells.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.cohorts.duplicates import the_one
from uad_core.cohorts.names import CohortFile, companions, files_in, refuse_masks_below
from uad_core.cohorts.persons import person_of
from uad_core.cohorts.tables import read_about, read_anatomies
from uad_core.io.volume import ScanError, refused


@dataclass(frozen=True)
class Subject:
    """One scan with its masks, of one `person`, of whom there may be several.

    `anatomy` is what a split must not tear apart, `level` where a single slice lies.
    """

    name: str
    flair: Path
    lesion: Path | None
    brain_mask: Path | None
    anatomy: str
    level: int = MNI_18_LEVEL  # of a single slice
    prepared: bool = False  # already in atlas space, denoised and scaled

    @property
    def person(self) -> str:
        """Whose scan it is: the unit of statistics."""
        return person_of(self.name)

    @property
    def is_slice(self) -> bool:
        """A picture of one level instead of a volume."""
        return self.flair.suffix.lower() == ".png"

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

    def without(self, flairs: Collection[Path]) -> "Cohort":
        """The cohort without the subjects of those scans."""
        return replace(self, subjects=tuple(subject for subject in self.subjects if subject.flair not in flairs))

    def split(self, held_out: float, seed: int) -> "tuple[Cohort, Cohort]":
        """The cohort without and with a share `held_out`, (0, 1), of its two or more anatomies, at least one each."""
        anatomies = sorted({subject.anatomy for subject in self.subjects})
        if len(anatomies) < 2:
            few = f"Cohort {self.name} has healthy scans of {len(anatomies)} people; at least 2 are needed."
            raise ScanError("cohort", few)
        order = np.random.default_rng(seed).permutation(len(anatomies))
        count = min(max(1, round(held_out * len(anatomies))), len(anatomies) - 1)
        kept_out = {anatomies[index] for index in order[:count]}
        inside = tuple(subject for subject in self.subjects if subject.anatomy not in kept_out)
        outside = tuple(subject for subject in self.subjects if subject.anatomy in kept_out)
        return replace(self, subjects=inside), replace(self, subjects=outside)


def open_cohort(folder: Path) -> Cohort:
    """List a cohort folder; no scan is read. Raises ScanError: no scan, files that contradict each other, or images
    that may be masks but are not named as such.
    """
    if not folder.is_dir():
        raise ScanError("cohort", "The cohort folder does not exist. Check its path.")
    with refused("cohort", "The cohort folder cannot be read. Check that you may open what is in it.", OSError):
        files = files_in(folder)
        _refuse_unreadable_names(folder, files)
        scans: dict[str, list[CohortFile]] = defaultdict(list)
        for file in files:
            if file.subject:
                scans[file.subject].append(file)
        if not scans:
            raise ScanError("cohort", "The cohort folder holds no file named <subject>_FLAIR.nii.gz, .nii or .png.")
        refuse_masks_below(folder, set(scans))
        about, _ = read_about(folder)
        groups = _groups(folder, set(scans))
        masks = {key: the_one(found) for key, found in companions(files, set(scans)).items()}
        subjects = []
        for key, found in scans.items():
            lesion, brain_mask = masks.get((key, "lesion")), masks.get((key, "brainmask"))
            own = found[0].subject_name, the_one(found), lesion, brain_mask, groups[key]
            subjects.append(Subject(*own, about.level, about.prepared))
    _refuse_visits_without_mask(subjects)
    return Cohort(about.name or folder.resolve().name, about.simulated, tuple(subjects))


def _refuse_unreadable_names(folder: Path, files: Sequence[CohortFile]) -> None:
    """Raises ScanError for names with bytes that are no letters: no table or record could be written with them."""
    try:
        for path in (folder.resolve(), *(file.path for file in files)):
            str(path).encode()
    except UnicodeEncodeError:
        unreadable = "The name of a file, or of the folder, has letters of another system's encoding (no UTF-8)."
        raise ScanError("cohort", f"{unreadable} Rename it.") from None


def _groups(folder: Path, subjects: set[str]) -> dict[str, str]:
    """Subject's key -> what a split must not tear apart: an anatomy or person, or several that share a scan."""
    people = {key: person_of(key) for key in subjects}
    anatomies = read_anatomies(folder, people)
    group = dict(people)  # a person's, until an anatomy joins it with others
    for key, anatomy in sorted(anatomies.items()):
        joined = {group[key], *(group[other] for other, same in anatomies.items() if same == anatomy)}
        group = {other: anatomy if mine in joined else mine for other, mine in group.items()}
    return group


def _refuse_visits_without_mask(subjects: list[Subject]) -> None:
    patients = {subject.person for subject in subjects if not subject.is_healthy}
    if count := sum(subject.is_healthy and subject.person in patients for subject in subjects):
        lacking = f"{count} scans lack" if count > 1 else "1 scan lacks"
        raise ScanError(
            "cohort",
            f"{lacking} a lesion mask, though another scan of the same person has one. Give each scan of a patient a "
            "mask (empty where there is no lesion), or take it out of the folder.",
        )
