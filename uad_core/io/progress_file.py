"""progress.json: where a piece of long work stands, written by the one process that does it and read by anyone.

Every file has `stage`, `pid`, `updated` (seconds since 1970) and `message`; the rest is the work's own.
"""

import math
import os
import time
from pathlib import Path
from typing import Any

from uad_core.io.atomic import write_json
from uad_core.io.errors import is_out_of_memory, sentence
from uad_core.io.json_text import parsed
from uad_core.io.schema import misfit, number, text, whole, words
from uad_core.io.text import read_text

NAME = "progress.json"
REQUIRED = {"stage": text(40), "updated": number(0, 1e12)}
_SHARE, _COUNT, _ANY = number(-1e-6, 1 + 1e-6), whole(0, 10**9), number(-1e300, 1e300)
ENTRIES = {  # what readers make something of; a damaged file may hold anything
    "pid": whole(0, 2**31), "message": words(), "sentence": words(),
    "fraction": _SHARE.or_null(), "epoch": _COUNT, "epochs": _COUNT, "images_per_second": _ANY.or_null(),
    "seconds_left": _ANY.or_null(), "done": _COUNT, "total": _COUNT.or_null(),
}  # fmt: skip
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
            said = sentence(error) if isinstance(error, FORESEEN) or is_out_of_memory(error) else UNFORESEEN
            self.write("failed", known, said, urgent=True)


def read_progress(folder: Path) -> dict[str, Any]:
    """What the folder's progress.json holds; empty where there is none, or it is damaged or means nothing."""
    record = read_json(folder / NAME)
    known = {key: entry for key, entry in ENTRIES.items() if key in record}
    return record if record and not misfit(record, {**REQUIRED, **known}) else {}


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; empty where there is none, or it is damaged, or holds something else."""
    try:
        return parsed(read_text(path))
    except (OSError, ValueError):
        return {}


def finite(value: Any) -> Any:
    """The same value, with null for every number in it that is not finite: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
