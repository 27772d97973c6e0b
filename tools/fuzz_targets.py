"""What is fuzzed: each target takes any bytes, and comes back. An error that is no sentence for the user is a crash."""

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tools.fuzz_seeds import checkpoint_seeds, cohort_seeds, dicom_seeds, nifti_seeds, preset_seeds
from uad_core.cohorts.cohort import open_cohort
from uad_core.detect.presets import Preset, PresetError
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.read_scan import read_scan
from uad_core.io.sealed import DamagedRecordError, read_record, sealed
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError, load_checkpoint

MOST_BYTES = 20_000


class Target(NamedTuple):
    """A reader, and sound bytes to begin from."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def scan(data: bytes) -> None:
    """NIfTI, MGH, NRRD, DICOM, archives: a finite scan or a sentence."""
    try:
        volume = read_scan(data)
    except ScanError as error:
        _check(str(error))
    else:
        if not (np.isfinite(volume.array).all() and np.isfinite(volume.affine).all() and np.ptp(volume.array) > 0):
            raise AssertionError("a scan that is none")


def checkpoint(data: bytes) -> None:
    """A description as it is, and with a seal that fits, as somebody may write it."""
    folder = _folder()
    for text in _with_seal(data):
        (folder / "one.json").write_bytes(text)
        try:
            load_checkpoint("one", folder)
        except CheckpointError as error:
            _check(str(error))


def preset(data: bytes) -> None:
    """As it is, and with a seal that fits."""
    for text in _with_seal(data):
        try:
            Preset.from_json(text).to_json()
        except PresetError as error:
            _check(str(error))


def cohort(data: bytes) -> None:
    """cohort.json and participants.tsv beside three scans that nobody looks into."""
    folder = _folder()
    about, _, people = data.partition(b"\0")
    (folder / "cohort.json").write_bytes(about)
    (folder / "participants.tsv").write_bytes(people)
    try:
        found = open_cohort(folder)
        found.split(0.3, 0)
    except ScanError as error:
        _check(str(error))


TARGETS = {
    "nifti": Target(scan, nifti_seeds),
    "dicom": Target(scan, dicom_seeds),
    "checkpoint": Target(checkpoint, checkpoint_seeds),
    "preset": Target(preset, preset_seeds),
    "cohort": Target(cohort, cohort_seeds),
}


def mutants(name: str, seed: int) -> Iterator[bytes]:
    """Without end: seeds of the target of which some bytes, bits or a piece were changed, doubled or cut."""
    rng, seeds = random.Random(seed), TARGETS[name].seeds()
    while True:
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            place, length = rng.randrange(len(data) or 1), rng.choice((1, 2, 4, 8, 64))
            match rng.randrange(6):
                case 0 if data:
                    data[place] ^= 1 << rng.randrange(8)
                case 1:
                    data[place : place + length] = rng.randbytes(length)
                case 2:
                    data[place : place + length] = b""
                case 3:
                    data[place:place] = data[place : place + length]
                case 4:
                    data[place : place + length] = (
                        rng.choice((b"\xff", b"\0", b"9", b"{", b'"', b"-1", b"1e999")) * length
                    )
                case _ if rng.random() < 0.1:
                    del data[place:]
        yield bytes(data)


def _check(said: str) -> None:
    """Raises AssertionError for what is no sentence."""
    if not said.endswith(".") or "Traceback" in said or "/tmp" in said:
        raise AssertionError(f"no sentence: {said}")


def _with_seal(data: bytes) -> Iterator[bytes]:
    yield data
    try:
        record: dict[str, Any] = read_record(data)
        yield json.dumps(sealed(record)).encode()
    except (DamagedRecordError, ValueError, RecursionError):
        return


@cache
def _folder() -> Path:
    """Of this process, with weights and scans beside what is fuzzed; in memory where there is such a disk."""
    memory = Path("/dev/shm")
    held = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
    _HELD.append(held)
    folder = Path(held.name)
    name = min(CHECKPOINTS.glob("*.json"), key=lambda path: path.stat().st_size).stem
    (folder / "one.safetensors").write_bytes((CHECKPOINTS / f"{name}.safetensors").read_bytes())
    for subject in ("sub-1", "sub-2", "sub-3"):
        (folder / f"{subject}_FLAIR.nii.gz").touch()
    return folder


_HELD: list[tempfile.TemporaryDirectory[str]] = []  # they go when the process ends
