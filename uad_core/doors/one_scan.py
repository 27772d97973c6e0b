"""One scan of many: done once, whatever happens in between, and known by one record.

`logs/NAME.json` in the folder of the results says how a scan ended, and by which key: the hash of scan file, setting
and checkpoint. A scan whose record has the same key and says "done" is not computed again. The record says "running"
before the first result is written, so that what a killed process left behind is known to be half done.
"""

import hashlib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from uad_core import __version__
from uad_core.detect.from_file import Detection, DetectRequest, detect_file
from uad_core.detect.lesion_table import COLUMNS, lesion_values
from uad_core.detect.lights import cautions, stamp_of
from uad_core.detect.presets import command_line
from uad_core.detect.result_files import remove_results, result_stem, scan_sha256
from uad_core.doors.thumbnail import thumbnail
from uad_core.io.atomic import half_written, write_atomically
from uad_core.io.errors import is_out_of_memory, sentence
from uad_core.io.progress_file import FORESEEN
from uad_core.io.schema import list_of, mapping, misfit, one_of, text, words
from uad_core.io.sealed import digest, read_sealed, write_sealed
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions

LOGS = "logs"
UNFORESEEN = "An unexpected error ended the work on this scan; run `detect` on it alone to see which."
STATE = one_of(("running", "done", "refused", "failed"))
OF_RECORD = {"sentence": words(), "model": words(), "checkpoint_identity": words(), "version": words(), "key": words(),
             "files": list_of(text(1000), 1000), "scan": mapping(), "regions": list_of(mapping(), 10**6)}  # fmt: skip
KILLED = "The process that worked on this scan was ended from outside, perhaps for want of memory. Use fewer --jobs."


@dataclass(frozen=True)
class Setting:
    """What all scans of a run share."""

    model: str
    checkpoints: Path
    identity: str  # of the checkpoint: another of the same name is refused
    config: DetectConfig
    prepare_options: PrepareOptions

    @property
    def recorded(self) -> dict[str, Any]:
        """All that decides a mask, beside the scan."""
        setting = {"config": asdict(self.config), "prepare_options": asdict(self.prepare_options)}
        return {"version": __version__, "checkpoint": self.identity, **setting}


@dataclass(frozen=True)
class ScanTask:
    """One scan to be done; small, as it travels to other processes and machines."""

    path: Path
    label: str
    out: Path
    setting: Setting
    problem: str = ""  # known beforehand: the scan is refused with this sentence

    @property
    def stem(self) -> str:
        return result_stem(self.label, self.setting.model)

    @property
    def log(self) -> Path:
        return self.out / LOGS / f"{self.stem}.json"


def process_scan(task: ScanTask) -> dict[str, Any]:
    """Do one scan unless it is done; its record. Whatever is wrong with the scan is said in the record, not raised.

    `state`: "done", "refused" (the scan will not do) or "failed"; `sentence`: what was found, or why not; `again`:
    False where it had been done before.
    """
    before = read_log(task.log)
    try:
        key = _key(task)
        whole = all((task.out / name).exists() for name in before.get("files", ()))
        if before.get("key") == key and before.get("state") == "done" and whole:
            return before | {"again": False}
        if task.log.exists():  # of another scan or setting, or half done
            remove_results(task.out, task.label, task.setting.model)
        for left in half_written(task.log.parent, f"{task.stem}.*"):
            left.unlink(missing_ok=True)
        write_sealed(task.log, _record(task, "running", "", key))
        record = _detected(task, key)
    except (ScanError, CheckpointError) as error:
        record = _record(task, "refused", str(error))
    except Exception as error:
        record = failure(task, error)
    return _kept(task, record) | {"again": True}


def give_up(task: ScanTask) -> dict[str, Any]:
    """The record of a scan at which processes died."""
    return _kept(task, _record(task, "failed", KILLED)) | {"again": True}


def failure(task: ScanTask, error: Exception) -> dict[str, Any]:
    """The record of a scan whose work ended with an error that does not lie in the scan."""
    said = sentence(error) if isinstance(error, FORESEEN) or is_out_of_memory(error) else UNFORESEEN
    return _record(task, "failed", said)


def read_log(path: Path) -> dict[str, Any]:
    """The record in a scan's log; empty where there is none, or it is damaged or means nothing."""
    record = read_sealed(path)
    known = {key: entry for key, entry in OF_RECORD.items() if key in record}
    whole = not misfit(record, {"state": STATE} | known)
    return record if whole and (record["state"] != "done" or record.get("files")) else {}


def _kept(task: ScanTask, record: dict[str, Any]) -> dict[str, Any]:
    """The record, in the scan's log; where that cannot be written, one that says so."""
    try:
        write_sealed(task.log, record)
    except OSError as error:
        return failure(task, error)
    return record


def _detected(task: ScanTask, key: str) -> dict[str, Any]:
    started, setting = perf_counter(), task.setting
    checkpoint = _checkpoint(setting.model, setting.checkpoints)
    if checkpoint.identity != setting.identity:
        raise CheckpointError("The checkpoint was replaced while scans were at work; start again.")
    command = command_line(checkpoint, setting.config, setting.prepare_options)
    request = DetectRequest(
        task.path, checkpoint, setting.config, setting.prepare_options, subject=task.label, command=command
    )
    found = detect_file(request, task.out)
    write_atomically(task.log.with_suffix(".png"), thumbnail(found))
    regions = [dict(zip(COLUMNS, lesion_values(lesion), strict=True)) for lesion in found.lesions]
    about = {"scan": _about(found), "regions": regions, "seconds": round(perf_counter() - started, 2)}
    files = [path.relative_to(task.out).as_posix() for path in found.files]
    return _record(task, "done", found.summary, key) | about | {"files": files}


def _about(found: Detection) -> dict[str, Any]:
    """What a table says of a scan beside its regions: what was found, and by what."""
    seen, marked = found.reconstruction, found.segmentation
    reference, red = seen.checkpoint.calibration.references[marked.reference], stamp_of(found.lights)
    return {
        "regions": len(found.lesions),
        "flagged_ml": round(marked.flagged_ml, 3),
        "healthy_ml": round(marked.healthy_ml, 3),
        "threshold": marked.threshold,
        "percentile": marked.percentile,
        "reference": marked.reference,
        "reference_simulated": reference.simulated,
        "scan_sha256": scan_sha256(seen.prepared.scan),
        "mask_sha256": hashlib.sha256(found.mask.tobytes()).hexdigest(),
        "warnings": " ".join((*([f"{red}."] if red else []), *cautions(seen, found.lights))),
    }


def _record(task: ScanTask, state: str, said: str, key: str = "") -> dict[str, Any]:
    setting = task.setting
    names = {
        "label": task.label,
        "model": setting.model,
        "checkpoint_identity": setting.identity,
        "version": __version__,
    }
    return {**names, "state": state, "sentence": said, "key": key, "files": [], "scan": {}, "regions": []}


def _key(task: ScanTask) -> str:
    """Of scan file, setting and checkpoint. Raises ScanError and OSError where the scan cannot be read."""
    if task.problem:
        raise ScanError("bids", task.problem)
    with task.path.open("rb") as file:
        scan = hashlib.file_digest(file, "sha256").hexdigest()
    return digest(task.setting.recorded | {"scan": scan})


@lru_cache(maxsize=1)
def _checkpoint(name: str, folder: Path) -> Checkpoint:
    return load_checkpoint(name, folder)
