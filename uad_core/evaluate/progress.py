"""How far an evaluation is, written where its results will lie: whoever looks there can watch it."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any

from uad_core.io.progress_file import ProgressWriter


class ProgressFile:
    """Keeps progress.json of an evaluation's folder: `stage`, `done` of `total` subjects, `seconds_left`.

    Used as a context: at its end the stage is "done", "stopped" (Ctrl-C) or "failed" with a sentence in `message`.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = ProgressWriter(folder)
        self._began = time.monotonic()
        self._counted: tuple[int, int | None] = (0, None)

    def __enter__(self) -> ProgressFile:
        self._writer.write("evaluate", self._known())
        return self

    def subject(self, done: int, total: int) -> None:
        """So many subjects are done, of so many."""
        self._counted = done, total
        self._writer.write("evaluate", self._known())

    def summarising(self) -> None:
        """All subjects are done; intervals and curves are on their way."""
        self._writer.write("summarise", self._known())

    def _known(self) -> dict[str, Any]:
        done, total = self._counted
        left = (time.monotonic() - self._began) / done * (total - done) if done and total else None
        return {"done": done, "total": total, "seconds_left": left}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.write_end(error, self._known())
