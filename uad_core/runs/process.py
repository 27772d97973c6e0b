"""Long work as a process of its own, known by its folder alone: neither a browser nor a server has to stay.

launch.json      the process that was started last, for the seconds before it writes anything
progress.json    its last word, written by itself: `stage`, `pid`, `updated`, `message` and what else it has to say
log.txt          what it printed
stop             appears: it is to end
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uad_core.io.atomic import write_json
from uad_core.io.paths import ROOT

COMMAND = (sys.executable, "-m", "uad_core")
OVER = ("done", "stopped", "failed")


@dataclass(frozen=True)
class RunStatus:
    """Where a process stands.

    Attributes:
        state: "starting", the stage that it names itself, one of `OVER`, or "interrupted": it is gone and did not
            say why.
        progress: all that progress.json holds, empty before its first word.
        message: why it failed, a sentence; else empty.
        pid: its number, whether it is alive or not; None where it is not known.
    """

    state: str
    progress: dict[str, Any]
    message: str = ""
    pid: int | None = None

    @property
    def is_active(self) -> bool:
        """The process is alive and at work."""
        return self.state not in (*OVER, "interrupted")


def launch(folder: Path, command: Sequence[str], arguments: list[str], first: list[str] | None = None) -> None:
    """Start `command` with `arguments` in a session of its own; what it prints is added to the folder's log.

    Args:
        first: the arguments to record as those of the first start, where these only resume it.
    """
    started = time.time()
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    threading.Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie, which looks alive
    write_json(folder / "launch.json", {"pid": process.pid, "time": started, "arguments": first or arguments})


def read_status(folder: Path, work: str) -> RunStatus:
    """Where the process of that folder stands now; `work` is what it is called in a sentence."""
    launched, progress = read_json(folder / "launch.json"), read_json(folder / "progress.json")
    pid = (progress if _is_news(progress, launched) else launched).get("pid")
    is_alive = is_ours(pid)
    progress = progress if is_alive else read_json(folder / "progress.json")  # its last words may have come since
    if _is_news(progress, launched):
        state, message = str(progress.get("stage")), str(progress.get("message") or "")
        if not is_alive and state not in OVER:
            state = "interrupted"
    else:
        last = tail(folder / "log.txt").strip().replace("\r", "\n").split("\n")[-1]
        state = "starting" if is_alive else "failed"
        message = "" if is_alive else f"The {work} ended before it began. {last.removeprefix('uad_core: ')}"
    return RunStatus(state, progress, message, pid if isinstance(pid, int) else None)


def newest_first(folders: Path) -> list[Path]:
    """The folders in `folders` that a process was started for, by hand or from here, the latest first."""
    return sorted(filter(_started, folders.glob("*")), key=_started, reverse=True)


def _started(folder: Path) -> float:
    for path in (folder / "launch.json", folder / "settings.json", folder / "progress.json"):
        if path.exists():
            return path.stat().st_mtime
    return 0.0


def _is_news(progress: dict[str, Any], launched: dict[str, Any]) -> bool:
    """Whether these are words of the process that was launched last, or of one that came after it."""
    return bool(progress.get("updated", 0.0) >= launched.get("time", 0.0))


def is_ours(pid: Any) -> bool:
    """Whether that process is alive and ours: numbers are given anew after a restart of the machine."""
    try:
        os.kill(int(pid), 0)
        return not Path("/proc/self").exists() or b"uad_core" in Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (TypeError, ValueError, OSError):
        return False


def log_end(folder: Path, lines: int) -> str:
    """The last `lines` of what the process printed; of a line that was overwritten, what it said last."""
    ends = [line.split("\r")[-1] for line in tail(folder / "log.txt").rstrip("\r\n").split("\n")]
    return "\n".join(ends[-lines:])


def tail(path: Path, size: int = 1 << 16) -> str:
    """The last `size` bytes of a text file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; empty where there is none, or it is damaged, or holds something else."""
    try:
        record = json.loads(path.read_text(errors="replace"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
