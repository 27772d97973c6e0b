"""A process and the files by which it is known: neither a browser nor a server has to stay for it.

launch.json      the process that was started last, for the seconds before it writes anything
progress.json    where it stands, written by itself; see `io.progress_file`
log.txt          what it printed
stop             appears: it is to end
"""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from uad_core.io.paths import ROOT
from uad_core.io.progress_file import NAME as PROGRESS
from uad_core.io.progress_file import OVER, read_progress
from uad_core.io.schema import list_of, misfit, number, text, whole
from uad_core.io.sealed import read_sealed, write_sealed

COMMAND = (sys.executable, "-m", "uad_core")
LAUNCH = {"pid": whole(0, 2**31), "time": number(0, 1e12), "arguments": list_of(text(100_000), 10_000)}
CLOCKS_AGREE = 5.0  # s; the system knows the start of a process to a second


@dataclass(frozen=True)
class RunStatus:
    """Where a process stands."""

    # "starting", the stage that it names itself, one of `OVER`, or "interrupted": it is gone and did not write why
    state: str
    progress: dict[str, Any]  # all that progress.json holds; empty until the process writes it
    message: str = ""  # why it failed, a sentence; else empty
    pid: int | None = None  # its number, whether it is alive or not; None where it is not known

    @property
    def is_active(self) -> bool:
        """The process is alive and at work."""
        return self.state not in (*OVER, "interrupted")


def launch(folder: Path, command: Sequence[str], arguments: list[str], first: list[str] | None = None) -> None:
    """Start `command` in a session of its own that prints to the folder's log; `first` is recorded as its arguments."""
    started = time.time()
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    threading.Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie, which looks alive
    write_sealed(folder / "launch.json", {"pid": process.pid, "time": started, "arguments": first or arguments})


def read_status(folder: Path, noun: str) -> RunStatus:
    """Where the process of that folder stands now; `noun` is what its work is called in a sentence."""
    launched, progress = read_launch(folder), read_progress(folder)
    pid = (progress if _is_news(progress, launched) else launched).get("pid")
    is_alive = is_ours(pid, max(_written(progress), _written(launched)))
    progress = progress if is_alive else read_progress(folder)  # it may have ended since, and written so
    if not progress and not is_alive and ((folder / PROGRESS).exists() or not launched):
        return RunStatus("failed", {}, f"The record of this {noun} is damaged, or is none. Start a new one.")
    if _is_news(progress, launched):
        state, message = str(progress.get("stage")), str(progress.get("message") or "")
        if not is_alive and state not in OVER:
            state = "interrupted"
    else:
        last = tail(folder / "log.txt").strip().replace("\r", "\n").split("\n")[-1]
        state = "starting" if is_alive else "failed"
        message = "" if is_alive else f"The {noun} ended before it began. {last.removeprefix('uad_core: ')}"
    return RunStatus(state, progress, message, pid if isinstance(pid, int) else None)


def read_launch(folder: Path) -> dict[str, Any]:
    """What the folder's launch.json holds; empty where there is none, or it is damaged or means nothing."""
    record = read_sealed(folder / "launch.json")
    return {} if misfit(record, LAUNCH) else record


def _is_news(progress: dict[str, Any], launched: dict[str, Any]) -> bool:
    """Whether this comes from the process that was launched last, or from one that came after it."""
    return _written(progress) >= _written(launched)


def _written(record: dict[str, Any]) -> float:
    """When a progress.json or launch.json was written, seconds since 1970; 0 where that is missing."""
    when = record.get("updated", record.get("time"))
    return float(when) if isinstance(when, int | float) else 0.0


def is_ours(pid: Any, written: float) -> bool:
    """Whether the process that is called `pid` in a file of the time `written` is alive.

    Numbers are reused, above all after a restart of the machine. But the process named in a file began before the file
    was written, and another process that has its number now began later.
    """
    try:
        process = psutil.Process(int(pid))
        return "uad_core" in " ".join(process.cmdline()) and process.create_time() <= written + CLOCKS_AGREE
    except (TypeError, ValueError, OverflowError, psutil.Error):
        return False


def newest_first(home: Path) -> list[Path]:
    """The folders in `home` that a process was started for, by hand or from here, the latest first."""
    try:
        folders = [path for path in home.iterdir() if path.name.isprintable()]  # else a browser could not show it
    except OSError:
        return []
    return sorted(filter(_started, folders), key=_started, reverse=True)


def _started(folder: Path) -> float:
    for path in (folder / "launch.json", folder / "settings.json", folder / "progress.json"):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0


def tail(path: Path, size: int = 1 << 16) -> str:
    """The last `size` bytes of a text file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
