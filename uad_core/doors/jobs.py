"""Scans that wait their turn: a bounded queue in front of one process, and a folder for each scan's results."""

import multiprocessing
import secrets
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

from uad_core.detect.result_files import NAMELESS
from uad_core.doors.engines import tied_to_parent
from uad_core.doors.one_scan import ScanTask, Setting, failure, give_up, process_scan

KEPT = 200  # scans whose results are there to be fetched; the oldest go first


class QueueFullError(Exception):
    """No further scan is taken for now."""


@dataclass(eq=False)
class ScanJob:
    """A scan that was sent in. It bears no name, so that none can get into a log."""

    id: str
    task: ScanTask
    state: str = "waiting"  # then "running", then "done", "refused" or "failed" as `process_scan` has it
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.state not in ("waiting", "running")

    def file(self, name: str) -> Path | None:
        """A result file by its name; None where there is none of that name."""
        return next((self.task.out / path for path in self.record.get("files", ()) if Path(path).name == name), None)


class ScanJobs:
    """All scans of a server, done one after the other."""

    def __init__(
        self, folder: Path, most_waiting: int, process: Callable[[ScanTask], dict[str, Any]] | None = None
    ) -> None:
        """`folder` holds uploads and results; `process` does a scan, by default in a process of its own."""
        self._folder, self._jobs, self._most = folder, dict[str, ScanJob](), most_waiting
        self._waiting: Queue[ScanJob | None] = Queue()
        self._coming: set[Path] = set()  # uploads that are not whole yet
        self._lock = threading.Lock()
        self._process = process or InOneProcess()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def new_upload(self) -> Path:
        """Where to write a scan that comes in, which has its place in the queue from now on. Raises QueueFullError."""
        place = self._folder / secrets.token_hex(8)
        with self._lock:
            if self._waiting.qsize() + len(self._coming) >= self._most:
                raise QueueFullError
            place.mkdir(mode=0o700)
            self._coming.add(place / "scan")
        return place / "scan"

    def drop(self, upload: Path) -> None:
        """Take away an upload that will not do."""
        self._coming.discard(upload)
        shutil.rmtree(upload.parent, ignore_errors=True)

    def add(self, upload: Path, setting: Setting) -> ScanJob:
        """Take a scan in that has come in whole."""
        place = upload.parent
        job = ScanJob(place.name, ScanTask(upload, NAMELESS, place / "results", setting))
        with self._lock:
            self._coming.discard(upload)
            self._waiting.put(job)
            self._jobs[job.id] = job
            over = [one for one in self._jobs.values() if one.is_over]
            for old in over[: max(0, len(over) - KEPT)]:
                self._remove(old)
        return job

    def get(self, name: str) -> ScanJob | None:
        return self._jobs.get(name)

    def delete(self, job: ScanJob) -> bool:
        """Forget a scan and its results; False while it is at work."""
        with self._lock:
            if job.state == "running":
                return False
            self._remove(job)
        return True

    def close(self) -> None:
        """End after the scan at work; what waits is dropped."""
        with self._lock:
            for job in list(self._jobs.values()):
                if job.state == "waiting":
                    self._remove(job)
        self._waiting.put(None)
        self._thread.join()

    def _remove(self, job: ScanJob) -> None:
        self._jobs.pop(job.id, None)
        self.drop(job.task.path)

    def _work(self) -> None:
        while job := self._waiting.get():
            with self._lock:
                if job.id not in self._jobs:  # deleted while it waited
                    continue
                job.state = "running"
            try:
                job.record = self._process(job.task)
                job.task.path.unlink(missing_ok=True)
            except Exception as error:  # whatever it is, the scans that wait are done
                job.record = failure(job.task, error)
            job.state = job.record["state"]


class InOneProcess:
    """`process_scan` in a process that stays, so that models are loaded once; a new one where it was killed."""

    def __init__(self) -> None:
        self._pool = self._new_pool()

    def __call__(self, task: ScanTask) -> dict[str, Any]:
        try:
            return self._pool.submit(process_scan, task).result()
        except BrokenProcessPool:
            self._pool = self._new_pool()
            return give_up(task)

    @staticmethod
    def _new_pool() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=tied_to_parent)
