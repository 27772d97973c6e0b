"""Where the results of a scan lie, so that they replace nobody else's.

Names keep what BIDS says of a scan (session, acquisition, contrast agent, reconstruction, run). Any other name might be
a patient's: the results are then those of `sub-scan`, or of `sub-scan2` where another scan's lie there already.
"""

import hashlib
import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path, PurePosixPath

from uad_core.io.atomic import half_written, write_atomically, write_json
from uad_core.io.progress_file import read_json
from uad_core.io.volume import ScanError, Volume

NAMELESS = "scan"
ENTITIES = ("ses", "acq", "ce", "rec", "run")  # of the scan's name, in BIDS's order
LABEL = re.compile("[0-9a-zA-Z]+" + "".join(f"(?:_{entity}-[0-9a-zA-Z]+)?" for entity in ENTITIES))
REPORT = "_report.html"


def subject_label(file_name: str) -> str:
    """What stays of a scan's name in those of its results: of `sub-07_ses-1_FLAIR.nii.gz`, "07_ses-1".

    "scan" for a name that is not BIDS's, which might be a patient's.
    """
    parts = file_name.replace("\\", "/").rsplit("/", 1)[-1].split("_")
    known = {one[1]: one[2] for part in parts if (one := re.match(r"([a-z]+)-([0-9a-zA-Z]+)", part))}
    if not parts[0].startswith("sub-") or "sub" not in known:
        return NAMELESS
    return "_".join([known["sub"], *(f"{entity}-{known[entity]}" for entity in ENTITIES if entity in known)])


def checked_label(text: str) -> str:
    """A label that a user gives, with or without `sub-`. Raises ScanError (`label`)."""
    label = text.removeprefix("sub-")
    if not LABEL.fullmatch(label):
        allowed = "letters and digits, and may go on with _ses-, _acq-, _ce-, _rec- and _run-, in that order"
        raise ScanError("label", f"A subject's label holds {allowed}, such as 07_ses-1.")
    return label


def result_stem(label: str, model: str) -> str:
    """What the names of all results of one detection begin with; `model` is the checkpoint's name."""
    return f"sub-{label}_space-orig_desc-{re.sub(r'[^0-9a-zA-Z]', '', model)}"


def path_of(name: str, label: str) -> PurePosixPath:
    """Where a result file lies in a dataset of BIDS derivatives."""
    return PurePosixPath(name if name.endswith(REPORT) else f"{_folder(label)}/{name}")


def scan_sha256(scan: Volume) -> str:
    """Of a scan's voxels, as its results record it."""
    return hashlib.sha256(scan.array.tobytes()).hexdigest()


def free_label(out: Path, label: str, model: str, scan: Volume) -> tuple[str, tuple[str, ...]]:
    """The label to write results in `out` under, and sentences on what lies there already.

    Raises ScanError (`other_scan`): results of another scan bear this name.
    """
    taken = _is_taken(out, label, model, scan)
    if taken and label != NAMELESS:
        others = "The folder for the results holds those of another scan under the same name, which stay."
        raise ScanError("other_scan", f"{others} Name another folder with --out, or another label with --subject.")
    if taken:
        label = next(one for number in range(2, 10**6) if not _is_taken(out, one := f"{NAMELESS}{number}", model, scan))
        return label, (f"Results of another scan lie there under the same name, and stay; these are sub-{label}'s.",)
    if (out / path_of(f"{result_stem(label, model)}_mask.json", label)).exists():
        return label, ("Results of the same scan and model were replaced.",)
    return label, ()


def write_results(
    out: Path, files: Mapping[Path, bytes], ignored: str, description: Mapping[str, object]
) -> tuple[str, ...]:
    """Write a detection's files, and what makes `out` a dataset where it is none; sentences on what was left alone."""
    for path, data in files.items():
        write_atomically(path, data)
    about, ignore = out / "dataset_description.json", out / ".bidsignore"
    foreign = about.exists() and read_json(about).get("GeneratedBy") != description["GeneratedBy"]
    if not about.exists():
        write_json(about, description)
    if not ignore.exists():
        write_atomically(ignore, ignored.encode())
    kept = "The folder is a dataset of its own: its dataset_description.json and .bidsignore stay as they are."
    return (kept,) if foreign else ()


def remove_results(out: Path, label: str, model: str) -> None:
    """Take away all that a detection wrote under that name, and began to write."""
    folder, stem = out / _folder(label), result_stem(label, model)
    begun = [half_written(place, f"{stem}{rest}*") for place in (folder, out) for rest in ("_", "residual_")]
    for path in [*_there(out, label, model), *chain(*begun)]:
        path.unlink(missing_ok=True)


def _there(out: Path, label: str, model: str) -> list[Path]:
    """The result files under that name."""
    folder, stem = out / _folder(label), result_stem(label, model)
    return [*folder.glob(f"{stem}_*"), *folder.glob(f"{stem}residual_*"), *out.glob(f"{stem}{REPORT}")]


def _folder(label: str) -> str:
    subject, *entities = label.split("_")
    session = next((f"/{entity}" for entity in entities if entity.startswith("ses-")), "")
    return f"sub-{subject}{session}/anat"


def _is_taken(out: Path, label: str, model: str, scan: Volume) -> bool:
    """Whether files under that name are not known to be of this scan."""
    folder, stem = out / _folder(label), result_stem(label, model)
    records = list(folder.glob(f"sub-{label}_space-orig_desc-*_mask.json"))
    if any(read_json(record).get("ScanSha256") != scan_sha256(scan) for record in records):
        return True
    return bool(_there(out, label, model)) and folder / f"{stem}_mask.json" not in records
