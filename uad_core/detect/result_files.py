"""Where the results of a scan lie, so that they replace nobody else's.

Names keep what BIDS says of a scan (session, acquisition, contrast agent, reconstruction, run). Any other name might be
a patient's: the results are then those of `sub-scan`, or of `sub-scan2` where another scan's lie there already.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from uad_core.io.atomic import half_written, write_atomically, write_json
from uad_core.io.progress_file import read_json
from uad_core.io.volume import ScanError, Volume

NAMELESS = "scan"
ENTITIES = ("ses", "acq", "ce", "rec", "run")  # of the scan's name, in BIDS's order
LABEL = re.compile("[0-9a-zA-Z]+" + "".join(f"(?:_{entity}-[0-9a-zA-Z]+)?" for entity in ENTITIES))
REPORT = "_report.html"
CHANGE = "change"  # behind the model's name, in the names of what a comparison of two dates writes
PAIR = ("FirstScanSha256", "SecondScanSha256")  # of its record


def subject_label(file_name: str) -> str:
    """What stays of a scan's name in those of its results: of `sub-07_ses-1_FLAIR.nii.gz`, "07_ses-1".

    "scan" for a name that is not BIDS's, which might be a patient's.
    """
    stem = re.sub(r"(\.[A-Za-z]+)+$", "", file_name.replace("\\", "/").rsplit("/", 1)[-1])
    pairs = [part.partition("-") for part in stem.split("_") if "-" in part]
    known = {key: value for key, _, value in pairs if key in ("sub", *ENTITIES)}
    label = "_".join([known.get("sub", ""), *(f"{key}-{known[key]}" for key in ENTITIES if key in known)])
    twice = len(known) < sum(key in ("sub", *ENTITIES) for key, _, _ in pairs)
    return label if stem.startswith("sub-") and LABEL.fullmatch(label) and not twice else NAMELESS


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


def free_label(out: Path, label: str, model: str, *scans: Volume) -> tuple[str, tuple[str, ...]]:
    """The label to write results in `out` under, and sentences on what lies there already.

    `scans`: the one of a detection, or the two of a comparison. Raises ScanError (`other_scan`): results of another
    scan, or of a model whose name differs in signs alone, bear this name.
    """
    hashes = [scan_sha256(scan) for scan in scans]
    taken = _is_taken(out, label, model, hashes)
    if taken and label != NAMELESS:
        others = "The folder for the results holds those of another scan under the same name, which stay."
        raise ScanError("other_scan", f"{others} Name another folder with --out, or another label with --subject.")
    if taken:
        label = next(
            one for number in range(2, 10**6) if not _is_taken(out, one := f"{NAMELESS}{number}", model, hashes)
        )
        return label, (f"Results of another scan lie there under the same name, and stay; these are sub-{label}'s.",)
    record = read_json(out / path_of(_record_of(label, model, len(scans)), label))
    by = record.get("Change", record).get("Checkpoint", {}).get("Name", model)
    if by != model:
        raise ScanError(
            "other_model", f"The folder holds results of model {by} under the same name. Name another --out."
        )
    if record:
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


def _is_taken(out: Path, label: str, model: str, hashes: Sequence[str]) -> bool:
    """Whether files under that name are not known to be of these scans."""
    folder, prefix = out / _folder(label), f"sub-{label}_space-orig_desc-"
    others = any(read_json(path).get("ScanSha256") != hashes[0] for path in folder.glob(f"{prefix}*_mask.json"))
    for path in folder.glob(f"{prefix}*{CHANGE}_dseg.json"):
        change = read_json(path).get("Change")
        known = [change.get(key) for key in PAIR] if isinstance(change, dict) else []
        others = others or known[: len(hashes)] != hashes
    own = folder / _record_of(label, model, len(hashes))
    return others or (bool(_there(out, label, model + CHANGE * (len(hashes) > 1))) and not own.exists())


def _record_of(label: str, model: str, scans: int) -> str:
    """The file that says what the results are of."""
    stem = result_stem(label, model)
    return f"{stem}{CHANGE}_dseg.json" if scans > 1 else f"{stem}_mask.json"
