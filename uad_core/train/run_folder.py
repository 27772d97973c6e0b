"""A training's own folder: what it was asked, where it stands, and a way to stop it.

settings.json    TrainConfig, cohort folders, name, out, command: enough to go on
progress.json    where it stands, replaced at most twice a second
curve.jsonl      one line an epoch
pictures/        held-out slices, reconstructions, residuals
tensorboard/     the same for TensorBoard
snapshot-a.*, snapshot-b.*    to resume from
stop             appears: a snapshot is written and the training ends
lock             held while a process trains here
"""

import fcntl
import json
import shutil
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import IO, Any

import torch

from uad_core.cohorts.cohort import open_cohort
from uad_core.io.atomic import write_atomically
from uad_core.io.errors import sentence
from uad_core.io.progress_file import ProgressWriter, finite, read_progress
from uad_core.io.sealed import unsealed, write_sealed
from uad_core.train.config import TrainConfig, Training, TrainProgress
from uad_core.train.snapshot import load_snapshot, remove_snapshots

UNFINISHED = {"load", "train", "calibrate", "stopped", "failed"}


class RunFolder:
    """Writes of the one process that trains; read by anyone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None
        self._progress = ProgressWriter(path, least_seconds=0.5)

    def open(self, resume: bool) -> None:
        """Take the folder. Raises ValueError: another process trains here, or an unfinished training would be lost."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = (self.path / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise ValueError(f"Another process is training in {self.path.name}; stop it first.") from None
        self._lock = lock
        if not resume:
            if read_progress(self.path).get("stage", "train") in UNFINISHED and load_snapshot(self.path):
                self.close()
                kept = f"Folder {self.path.name} holds an unfinished training"
                raise ValueError(f"{kept}: continue it with --resume, or name another.")
            remove_snapshots(self.path)
            for name in ("curve.jsonl", "progress.json"):
                (self.path / name).unlink(missing_ok=True)
            for name in ("pictures", "tensorboard"):
                shutil.rmtree(self.path / name, ignore_errors=True)
        for leftover in (self.path / "stop", *self.path.glob(".*.tmp")):
            leftover.unlink(missing_ok=True)

    @property
    def in_use(self) -> bool:
        """Whether a process trains here now."""
        try:
            with (self.path / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def recorded(
        self, stages: Generator[TrainProgress, None, None], training: Training
    ) -> Generator[TrainProgress, None, None]:
        """The same stages, each written down here as it comes, and of a failure the reason; see `open` for errors."""
        self.open(training.resume)
        now = TrainProgress("load", 0, 0.0, epochs=training.config.epochs)
        try:
            if not training.resume:
                folders = [str(cohort.subjects[0].flair.parent.resolve()) for cohort in training.cohorts]
                asked = {"name": training.name, "out": str(training.out.resolve()), "command": training.command}
                record = {"config": asdict(training.config), **asked, "cohorts": folders}
                write_sealed(self.path / "settings.json", record)
            for now in stages:
                self.show(now)
                yield now
        except Exception as error:
            with suppress(OSError):
                self.show(replace(now, stage="failed"), reason(error))
            raise
        finally:
            stages.close()
            self.close()

    def read_settings(self) -> Training:
        """The training here, to be resumed. Raises ValueError where there is none, ScanError where a cohort is gone."""
        try:
            asked = unsealed((self.path / "settings.json").read_bytes())
            config = TrainConfig.from_json(asked["config"])
            name, out, command = str(asked["name"]), Path(asked["out"]), str(asked["command"])
            folders = [Path(folder) for folder in asked["cohorts"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"Folder {self.path.name} holds no training that could be resumed.") from None
        cohorts = [open_cohort(folder) for folder in folders]
        return Training(cohorts, config, out, name, command, self.path, resume=True)

    def show(self, progress: TrainProgress, message: str = "") -> None:
        """Replace progress.json, at most twice a second but at every change of stage."""
        known = asdict(progress) | {"fraction": round(progress.fraction, 4)}
        self._progress.write(known.pop("stage"), known, message, urgent=progress.fraction >= 1)

    def write_curve(self, curve: Sequence[Mapping[str, Any]]) -> None:
        """All epochs so far, replacing what a killed process may have left half-written."""
        lines = "".join(json.dumps(finite(row)) + "\n" for row in curve)
        write_atomically(self.path / "curve.jsonl", lines.encode())


def reason(error: Exception) -> str:
    """Why a training failed, as a sentence."""
    if isinstance(error, torch.OutOfMemoryError):
        return "The device has too little memory for this; try a smaller --batch-size."
    return sentence(error)


@contextmanager
def stop_signals(listen: bool) -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM set the event, a second Ctrl-C ends the process: if `listen`, and in the main thread alone."""
    stop = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    if not listen or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
