"""What a file in a cohort folder is, by its name: a scan, a mask of one, something else, or not known.

A mask that is not understood would make its patient a healthy subject, who is then trained on. So every image beside a
scan is either known here or refused. Upper and lower case, and the two ways in which Unicode writes an umlaut, are one.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from uad_core.io.volume import ScanError

Kind = Literal["lesion", "brainmask", "other"]
READ = ("nii.gz", "nii", "png")  # formats, the preferred one first
IMAGE = re.compile(r"\.(nii|nii\.gz|png|jpe?g|tiff?|bmp|gif|img|hdr|mgh|mgz|nrrd|nhdr|mha|mhd|dcm)$")
FLAIR = re.compile(r"(?P<subject>.+)_flair\.(nii|nii\.gz|png)")
RESIDUAL = re.compile(r".*_desc-[^_]*residual_flair\..*")  # a result of `detect`, no scan
ELSEWHERE = re.compile(r"(space|res|den)-[^_]*")  # BIDS entities that say where an image lies, not what it shows

_SEQUENCE = (
    "(t1|t1w|t1c|t1ce|t1gd|t1n|t2|t2w|pd|pdw|t2starw?|unit1|mp2rage|t[12]map|swi|dwi|adc|bold|sbref|asl|angio|flash|ct|"
    "pet|t2f|phase|mag)"
)
_FORM = r"([-_]?(mask|roi|d?seg|segmentation|labels?))?"
_KNOWN: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("lesion", re.compile(rf"(flair_)?((label-|desc-)?(lesions?|wmhs?){_FORM}|label-l_(mask|roi|dseg))")),
    ("brainmask", re.compile(r"(flair_)?(label-|desc-)?brain[-_]?mask")),
    # other sequences of the same head, as BIDS and BraTS call them
    ("other", re.compile(rf"([a-z]+-[^_]*_)*{_SEQUENCE}")),
)
_MASK = re.compile(  # also within a word, as in "LesionMask"
    r"lesion|läsion|laesion|lésion|wmh|mask|segm|label|tumou?r|infarct|truth|manual|annot|consensus|contour|delineat|"
    r"outline|(?<![a-z])(msk|rois?|d?segs?|gts?|wml|gtv|ctv|raters?|experts?)(?![a-z])"
)
_WORD = re.compile(rf"(?<![a-z])({_MASK.pattern})s?(?![a-z])")  # a mask called FLAIR; but not a person called Segman
_NOBODY = re.compile(r"[^\d_]+")  # such as "README" or "overview"
_OTHER_SUBJECT = re.compile(rf".+_{_SEQUENCE}")  # a sequence of somebody who has no FLAIR here
_SCAN = re.compile(r"flair|dark[-_ ]?fluid")
_NO_IMAGE = re.compile(
    r"\.(json|txt|tsv|csv|md|xlsx?|pdf|docx?|log|ya?ml|xml|html?|py|sh|bat|ini|db|bvals?|bvecs?|mat|"
    r"md5|sha\d*|lta|xfm|lnk|url|svg|pptx?|key)$"
)


@dataclass(frozen=True)
class CohortFile:
    """One file, with its name as it is compared."""

    path: Path
    key: str

    @property
    def stem(self) -> str:
        return IMAGE.sub("", self.key)

    @property
    def subject_name(self) -> str:
        """Of a scan, as its file writes it."""
        return re.sub(r"_flair\.[a-z.]+$", "", unicodedata.normalize("NFC", self.path.name), flags=re.IGNORECASE)

    @property
    def is_image(self) -> bool:
        return bool(IMAGE.search(self.key))

    @property
    def is_read(self) -> bool:
        """Its format is one that a cohort may have."""
        return self.key.endswith(tuple(f".{extension}" for extension in READ))

    @property
    def subject(self) -> str | None:
        """The subject's key, where this is a scan."""
        match = FLAIR.fullmatch(self.key)
        return match["subject"] if match and not RESIDUAL.fullmatch(self.key) else None


def comparable(name: str) -> str:
    """`name` without what differs between systems: case, and whether an umlaut is one character or two."""
    return unicodedata.normalize("NFC", name).casefold()


def files_in(folder: Path) -> list[CohortFile]:
    """The files of a folder by name; hidden ones, such as those that macOS leaves (`._*`), are none.

    But one of iCloud stands for a file that was never fetched.
    """
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") or path.suffix == ".icloud")
    return [CohortFile(path, comparable(path.name)) for path in paths if not path.is_dir()]


def companions(files: list[CohortFile], subjects: set[str]) -> dict[tuple[str, Kind], list[CohortFile]]:
    """(subject, kind) -> the images that go with a scan, which is that of the longest name that theirs begins with.

    Raises ScanError: an image that might be a mask, and is not known as one or belongs to no scan.
    """
    found: dict[tuple[str, Kind], list[CohortFile]] = {}
    unknown: list[str] = []
    for file in files:
        if file.subject and _WORD.search(file.subject):
            _refuse_orphan()
        if file.subject or RESIDUAL.fullmatch(file.key):
            continue
        if not file.is_image:
            if (_MASK.search(file.key) or _SCAN.search(file.key)) and not _NO_IMAGE.search(file.key):
                _refuse_unread()
            continue
        owner = _owner(file, subjects)
        if owner is None:
            known = _OTHER_SUBJECT.fullmatch(file.stem) or (
                _NOBODY.fullmatch(file.stem) and not _SCAN.search(file.stem)
            )
            if not known or _MASK.search(file.stem):
                _refuse_orphan()
            continue
        rest = file.stem.removeprefix(owner).strip("_")
        kind = _kind(rest)
        if kind is None or (kind != "other" and not file.is_read):
            unknown.append(f"<subject>_{file.key[len(owner) :].lstrip('_')[:40]}")
        elif kind != "other":
            found.setdefault((owner, kind), []).append(file)
    if unknown:
        _refuse_unknown(unknown)
    return found


def refuse_masks_below(folder: Path, subjects: set[str], within: str = "") -> None:
    """Raises ScanError where a folder within a cohort's holds what may be a mask: it would be overlooked.

    So is an image in a folder named after masks, one that is itself named so, and one that begins with the name of a
    subject and is not known as another sequence.
    """
    for inner in folder.iterdir():
        if not inner.is_dir() or inner.name.startswith("."):
            continue
        path = f"{within} {comparable(inner.name)}"
        for file in files_in(inner):
            if not file.is_image or RESIDUAL.fullmatch(file.key):
                continue
            owner = _owner(file, subjects)
            rest = None if owner is None or file.subject else file.stem.removeprefix(owner).strip("_")
            if _MASK.search(path) or _MASK.search(file.stem) or (rest is not None and _kind(rest) != "other"):
                below = "A folder within the cohort folder holds what may be masks, where nobody looks for them."
                raise ScanError("cohort", f"{below} Put each beside its scan, as <subject>_lesion.nii.gz.")
        refuse_masks_below(inner, subjects, path)


def _owner(file: CohortFile, subjects: set[str]) -> str | None:
    """The subject of the longest name that the file's begins with."""
    parts = file.stem.split("_")
    return next((name for end in range(len(parts), 0, -1) if (name := "_".join(parts[:end])) in subjects), None)


def _kind(rest: str) -> Kind | None:
    """Of what follows the subject in a name; None where that is not known."""
    words = "_".join(word for word in rest.split("_") if not ELSEWHERE.fullmatch(word))
    kind = next((kind for kind, pattern in _KNOWN if pattern.fullmatch(words)), None)
    return None if kind == "other" and _MASK.search(words) else kind


def _refuse_unknown(names: list[str]) -> None:
    kinds = sorted(set(names))
    listed = ", ".join(kinds[:3]) + (" and others" if len(kinds) > 3 else "")
    raise ScanError(
        "cohort",
        f"Beside scans of this cohort lie images whose meaning is not known: {listed}. Lesion masks are named "
        "<subject>_lesion.nii.gz, brain masks <subject>_brainmask.nii.gz (or .nii, .png); move others elsewhere.",
    )


def _refuse_unread() -> None:
    there = (
        "The cohort folder holds what its name calls a scan or a mask, in a format not read here or not fetched yet."
    )
    names = "<subject>_FLAIR.nii.gz or <subject>_lesion.nii.gz (or .nii, .png)"
    raise ScanError("cohort", f"{there} Save each as {names}, or move it elsewhere.")


def _refuse_orphan() -> None:
    alone = (
        "The cohort folder holds an image that belongs to no scan in it and is not known as another sequence: a mask "
        "would make its patient pass as healthy."
    )
    names = "<subject>_FLAIR.nii.gz, <subject>_lesion.nii.gz; move others elsewhere"
    raise ScanError("cohort", f"{alone} Name each after its scan: {names}.")
