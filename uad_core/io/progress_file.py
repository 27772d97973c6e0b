"""progress.json: where a piece of long work stands, written by the one process that does it and read by anyone.

Every file has `stage`, `pid`, `updated` (seconds since 1970) and `message`; the rest is the work's own.
"""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from uad_core.io.atomic import write_json
from uad_core.io.errors import sentence

NAME = "progress.json"
OVER = ("done", "stopped", "failed")  # stages after which nothing comes
UNFORESEEN = "Unexpected error; see the log."
FORESEEN = (ValueError, FloatingPointError, OSError)  # ScanError and CheckpointError are ValueErrors


class ProgressWriter:
    """Writes the progress.json of a folder; within `least_seconds` a stage is written again only if it is urgent."""

    def __init__(self, folder: Path, least_seconds: float = 0.0) -> None:
        self.path = folder / NAME
        self._least_seconds = least_seconds
        self._written = ("", -math.inf)  # stage and time of the last file

    def write(self, stage: str, known: dict[str, Any], message: str = "", urgent: bool = False) -> None:
        """Replace the file. Of `known`, numbers that are not finite become null."""
        now = time.time()
        if stage == self._written[0] and now - self._written[1] < self._least_seconds and not urgent:
            return
        self._written = stage, now
        write_json(self.path, {"stage": stage, **finite(known), "pid": os.getpid(), "updated": now, "message": message})

    def write_end(self, error: BaseException | None, known: dict[str, Any]) -> None:
        """The last file: done, stopped by Ctrl-C, or failed with a sentence."""
        if error is None or isinstance(error, KeyboardInterrupt):
            self.write("stopped" if error else "done", known, urgent=True)
        else:
            self.write("failed", known, sentence(error) if isinstance(error, FORESEEN) else UNFORESEEN, urgent=True)


def read_progress(folder: Path) -> dict[str, Any]:
    """What the folder's progress.json holds; empty where there is none, or it is damaged."""
    return read_json(folder / NAME)


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; empty where there is none, or it is damaged, or holds something else."""
    try:
        record = json.loads(path.read_text(errors="replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def finite(value: Any) -> Any:
    """The same value, with null for every number in it that is not finite: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
