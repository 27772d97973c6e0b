"""The FLAIR scans of a BIDS dataset, each under the label that its results will bear."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from uad_core.detect.result_files import NAMELESS, subject_label
from uad_core.io.volume import ScanError

_SCAN = re.compile(r"sub-[0-9a-zA-Z]+(_[a-z]+-[0-9a-zA-Z]+)*_FLAIR\.nii(\.gz)?")
_IMAGE = re.compile(r"(?<!mod-)flair[^/]*\.(nii|nii\.gz|nii\.bz2|mgz|mgh|nrrd|hdr|img)$", re.IGNORECASE)
_PLACE = re.compile(r"(?P<sub>sub-[^/]+)(/(?P<ses>ses-[^/]+))?/anat")
_PART = re.compile(r"_part-(phase|real|imag)_")  # of a complex image, beside its magnitude
_TWICE = "This scan is there as .nii and as .nii.gz. Remove one of the two."
_ODD = (
    "A file of this participant is called FLAIR, but neither it nor its folder is named as BIDS has it: "
    "sub-<label>/[ses-<label>/]anat/sub-<label>_[ses-<label>_]FLAIR.nii.gz, labels of letters and digits."
)
_RESULT = re.compile(r"_desc-[0-9a-zA-Z]+_")  # of a derivative: no scan
_ALIKE = (
    "Another scan of this dataset has the same subject, session, acquisition, contrast agent, reconstruction and run. "
    "Results keep no other part of a name: give the two different acq- or run- labels."
)


@dataclass(frozen=True)
class BidsScan:
    """One scan."""

    path: Path
    label: str  # of its results: `07_ses-1_run-2`
    problem: str = ""  # a sentence on why its name will not do

    @property
    def participant(self) -> str:
        return f"sub-{self.label.split('_')[0]}"

    @property
    def session(self) -> str:
        """`ses-1`, or empty."""
        return next((part for part in self.label.split("_") if part.startswith("ses-")), "")


def find_scans(
    dataset: Path, participants: Collection[str] = (), sessions: Collection[str] = ()
) -> tuple[BidsScan, ...]:
    """All FLAIR scans in `dataset`, or those of the participants and sessions named, with or without `sub-`, `ses-`.

    Raises ScanError (`bids`): no dataset, nothing in it, or a label that it does not know.
    """
    if not dataset.is_dir():
        raise ScanError("bids", "There is no folder where the BIDS dataset should be. Check its path.")
    paths = [path for path in sorted(dataset.glob("sub-*/**/*")) if _IMAGE.search(path.name)
             and not (_RESULT.search(path.name) or _PART.search(path.name) or path.name.startswith("."))]  # fmt: skip
    named = [(path, subject_label(path.name)) for path in paths if _is_in_place(path, dataset)]
    if not named:
        how = "sub-<label>/[ses-<label>/]anat/sub-<label>_[ses-<label>_]FLAIR.nii.gz"
        raise ScanError("bids", f"This dataset holds no FLAIR scan. BIDS names one {how}.")
    labels, stems = Counter(label for _, label in named), Counter(_stem(path) for path, _ in named)
    scans = tuple(
        BidsScan(path, label, _TWICE if stems[_stem(path)] > 1 else _ALIKE if labels[label] > 1 else "")
        for path, label in named
    )
    known = {(scan.participant, scan.session) for scan in scans}
    for path in (path for path in paths if path not in dict(named)):  # a row for each visit that has no other
        odd = BidsScan(path, _label_of(path.relative_to(dataset)), _ODD)
        if (odd.participant, odd.session) not in known:
            known.add((odd.participant, odd.session))
            scans += (odd,)
    return _chosen(_chosen(scans, "participant", participants), "session", sessions)


def _is_in_place(path: Path, dataset: Path) -> bool:
    """Whether a file is named as BIDS has it, after the folders that it lies in."""
    place = _PLACE.fullmatch(path.parent.relative_to(dataset).as_posix())
    if not place or not _SCAN.fullmatch(path.name):
        return False
    entities = path.name.split("_")
    return entities[0] == place["sub"] and (place["ses"] or "") == next(
        (one for one in entities if one.startswith("ses-")), "")  # fmt: skip


def _label_of(path: Path) -> str:
    """For a file that is named in no known way: of the folders that it lies in."""
    person, visit = path.parts[0], path.parts[1] if len(path.parts) > 2 else ""
    label = re.sub("[^0-9a-zA-Z]", "", person.removeprefix("sub-")) or NAMELESS
    session = re.sub("[^0-9a-zA-Z]", "", re.sub(r"^ses-?", "", visit)) if visit.startswith("ses") else ""
    return f"{label}_ses-{session}" if session else label


def _stem(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0])


def _chosen(scans: tuple[BidsScan, ...], kind: str, labels: Collection[str]) -> tuple[BidsScan, ...]:
    """Those whose `kind` is one of the labels; all without labels."""
    if not labels:
        return scans
    prefix = {"participant": "sub-", "session": "ses-"}[kind]
    wanted = {prefix + label.removeprefix(prefix) for label in labels}
    if wanted - {getattr(scan, kind) for scan in scans}:
        raise ScanError("bids", f"The dataset has no FLAIR scan of a {kind} that was named. Check --{kind}-label.")
    return tuple(scan for scan in scans if getattr(scan, kind) in wanted)
