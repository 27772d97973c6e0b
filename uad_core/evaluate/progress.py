"""How far an evaluation is, written where its results will lie: whoever looks there can watch it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType

from uad_core.io.atomic import write_json
from uad_core.io.errors import sentence
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError

FORESEEN = (ScanError, CheckpointError, ValueError, FloatingPointError, OSError)


class ProgressFile:
    """Keeps progress.json of an evaluation's folder: `stage`, `done` of `total` subjects, `seconds_left`.

    Used as a context: at its end the stage is "done", "stopped" (Ctrl-C) or "failed" with a sentence in `message`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.json"
        self._began = time.monotonic()
        self._counted: tuple[int, int | None] = (0, None)

    def __enter__(self) -> ProgressFile:
        self._write("evaluate")
        return self

    def subject(self, done: int, total: int) -> None:
        """So many subjects are done, of so many."""
        self._counted = done, total
        self._write("evaluate")

    def summarising(self) -> None:
        """All subjects are done; intervals and curves are on their way."""
        self._write("summarise")

    def _write(self, stage: str, message: str = "") -> None:
        done, total = self._counted
        left = (time.monotonic() - self._began) / done * (total - done) if done and total else None
        record = {"stage": stage, "done": done, "total": total, "seconds_left": left}
        write_json(self._path, record | {"pid": os.getpid(), "updated": time.time(), "message": message})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write("done")
        elif isinstance(error, KeyboardInterrupt):
            self._write("stopped")
        else:
            foreseen = isinstance(error, FORESEEN)
            self._write("failed", sentence(error) if foreseen else "It ended for a reason that was not foreseen.")
