"""Trainings as processes of their own: started, listed, read, stopped and resumed by their folders alone.

A run is a folder `runs/NAME`. What the training writes there (`settings.json`, `progress.json`, `curve.jsonl`,
`pictures/`) is all that is known of it, so that neither a browser nor a server has to stay. `launch.json` holds the
process that was started last, for the seconds before it writes anything.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uad_core.cohorts.find import RunError
from uad_core.io.atomic import write_atomically
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.runs.process import COMMAND, OVER, launch, log_end, newest_first, read_json, read_status
from uad_core.runs.request import TrainRequest, check

TRAIN = (*COMMAND, "train")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Run:
    """A run as its folder shows it.

    Attributes:
        state: "starting", "load", "train", "calibrate", "done", "stopped", "failed" or "interrupted":
            the process is gone and did not say why.
        progress: the training's last word, empty before its first.
        settings: what it was asked to do, empty before its first word.
        message: why it failed, a sentence; else empty.
    """

    folder: Path
    state: str
    progress: dict[str, Any]
    settings: dict[str, Any]
    message: str = ""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def is_active(self) -> bool:
        """Its process is alive and at work."""
        return self.state not in (*OVER, "interrupted")

    @property
    def is_stopping(self) -> bool:
        """It was asked to stop and has not done so yet."""
        return self.is_active and (self.folder / "stop").exists()

    @property
    def can_resume(self) -> bool:
        return self.state in ("stopped", "failed", "interrupted")

    @property
    def learned(self) -> bool | None:
        """Whether its checkpoint reconstructs healthy slices better than the median training slice; None: not said."""
        record = read_json(Path(self.settings.get("out", "")) / f"{self.settings.get('name', self.name)}.json")
        return record.get("learned")

    def curve(self) -> list[dict[str, Any]]:
        """One entry an epoch, in their order: `epoch`, the losses, `validation`."""
        epochs = {}
        for line in _text(self.folder / "curve.jsonl").splitlines():
            try:
                entry = json.loads(line)
                epochs[int(entry["epoch"])] = entry
            except (ValueError, TypeError, KeyError):
                continue  # half a line, of a process that was killed
        return [epochs[epoch] for epoch in sorted(epochs)]

    def picture(self) -> tuple[str, bytes] | None:
        """The newest picture of held-out slices: name and PNG; None before the first."""
        for path in sorted((self.folder / "pictures").glob("*.png"), reverse=True):
            try:
                return path.stem, path.read_bytes()
            except FileNotFoundError:
                continue  # an old one that was just removed
        return None

    def log(self, lines: int = 20) -> str:
        """The end of what the process printed; of a line that was overwritten, what it said last."""
        return log_end(self.folder, lines)


def start(order: TrainRequest, runs: Path = RUNS, out: Path = CHECKPOINTS) -> Run:
    """Begin a training that writes checkpoint `order.name` to `out`, in a process that outlives this one.

    Raises:
        RunError: a folder that is no cohort or has too few healthy subjects, or a name that will not do.
    """
    check(order, out)
    folder = runs / order.name
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise RunError(f"There is a run named {order.name} already; choose another name.") from None
    except OSError as error:
        raise RunError(f"The folder {runs} cannot be written to ({error.strerror}).") from None
    with _one_at_a_time:
        launch(folder, TRAIN, [*order.arguments, "--out", str(out.resolve()), "--run", str(folder.resolve())])
    return read_run(folder)


def stop(run: Run) -> None:
    """Ask a training to save where it stands and end."""
    write_atomically(run.folder / "stop", b"")


def resume(run: Run) -> Run:
    """Go on with a training that was stopped, interrupted or failed; does nothing if it is at work.

    Raises:
        RunError: it is done, or nothing is left of it to go on with.
    """
    with _one_at_a_time:
        run = read_run(run.folder)
        if run.is_active:
            return run
        launched = read_json(run.folder / "launch.json")
        if run.state == "done" or not (run.settings or launched):
            raise RunError(f"Run {run.name} cannot be resumed; start a new one.")
        (run.folder / "stop").unlink(missing_ok=True)
        again, minutes = ["--resume", str(run.folder.resolve())], run.settings.get("config", {}).get("minutes")
        again += ["--minutes", f"{minutes:g}"] if minutes else []
        launch(run.folder, TRAIN, again if run.settings else launched["arguments"], launched.get("arguments"))
    return read_run(run.folder)


def list_runs(runs: Path = RUNS) -> list[Run]:
    """All runs, the one that was started last first."""
    return [read_run(path) for path in newest_first(runs)]


def read_run(folder: Path) -> Run:
    """The run as it stands now."""
    word = read_status(folder, "training")
    return Run(folder, word.state, word.progress, read_json(folder / "settings.json"), word.message)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
