"""All models of the paper, trained as long as the paper did: one after the other, or side by side on one GPU.

python -m tools.train_all --cohort FOLDER [--only sae3 dae] [--views 249000] [--minutes M] [--gpu] [--dry-run]

Stop it in any way and call it again: each training goes on, to the bit, from its newest snapshot. A finished one is
left alone, one that a time limit cut short goes on. The cohort is prepared once, beside the runs. On a GPU
a step of 8 slices waits for the host and not for the device: so models train side by side there, a process each.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from uad_core.atlas.space import PAPER_SLAB
from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.cohorts.preparation import prepare_cohort
from uad_core.io.paths import ROOT, RUNS
from uad_core.io.progress_file import read_progress
from uad_core.models import PAPER_VIEWS
from uad_core.models.checkpoint import checkpoint_names, load_checkpoint
from uad_core.train import RunFolder, TrainConfig

ORDER = ("sae3", "dae", "svae", "sae-gan", "svae-gan", "dvae", "sae1", "sae2", "anogan")  # what matters most first
SCANS = 4  # held-out scans that AnoGAN, whose search takes minutes, is calibrated on
GPU_MINUTES = 9.0  # of training; loading and calibration take the rest of twelve
ASK_SECONDS = 0.5
STOPPED = 143  # as a shell reports SIGTERM


@dataclass(frozen=True)
class Queue:
    """What is to be trained, from where, to where."""

    cohort: Path  # a prepared one
    epochs: int
    views: int
    runs: Path
    out: Path
    minutes: float | None = None  # of each training and call
    device: str = "cpu"
    batch_size: int = TrainConfig.batch_size
    settings: tuple[str, ...] = ()  # KEY=VALUE of every model's config

    def views_of(self, name: str) -> int:
        """Slice views that the model's checkpoint has had; 0 without one."""
        here = name in checkpoint_names(self.out)
        return int(load_checkpoint(name, self.out).record.get("images", 0)) if here else 0

    def outcome(self, name: str) -> str:
        """Where the model's training stands, in words."""
        if views := self.views_of(name):
            return f"{views:,} of {self.views:,} slice views, {self.out / name}"
        at = read_progress(self.runs / name)
        return f"{at.get('stage', 'not begun')}, epoch {at.get('epoch', 0)} of {self.epochs} {at.get('message', '')}"

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """A process that trains the model; what a killed queue left at work on it ends first."""
        run = RunFolder(self.runs / name)
        run.path.mkdir(parents=True, exist_ok=True)
        while run.in_use:
            (run.path / "stop").touch()
            time.sleep(ASK_SECONDS)
        print(f"{name}: begins or goes on", flush=True)
        with (run.path / "log.txt").open("ab") as log:
            return subprocess.Popen(self.command(name), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def command(self, name: str) -> list[str]:
        """Begins the model's training, or goes on with it."""
        start, limit = [sys.executable, "-m", "uad_core", "train"], []
        if self.minutes is not None:
            limit = ["--minutes", str(self.minutes)]
        if (self.runs / name / "settings.json").exists():
            return [*start, "--resume", str(self.runs / name), *limit]
        words = ["--model", name, "--cohort", self.cohort, "--run", self.runs / name, "--out", self.out]
        words += ["--epochs", self.epochs, "--batch-size", self.batch_size, "--device", self.device, *limit]
        if name == "anogan":  # the paper's loss went unstable after 82 of its epochs
            words += ["--calibration-scans", SCANS, "--set", "adversary=spectral"]
        return [*start, *map(str, words), *(word for pair in self.settings for word in ("--set", pair))]


def epochs_for(views: int, cohort: Cohort, config: TrainConfig = TrainConfig()) -> int:
    """Epochs in which at least `views` slices of the cohort's healthy subjects are seen, those held out left aside."""
    inside, _ = cohort.healthy.split(config.held_out, config.seed)
    return -(-views // (len(inside.subjects) * config.slab.count))


def prepared(folder: Path, runs: Path) -> Path:
    """The folder's cohort with its healthy subjects prepared: the folder itself, or one beside the runs, made once."""
    cohort = open_cohort(folder)
    if cohort.subjects[0].prepared or cohort.subjects[0].flair.suffix == ".png":
        return folder
    out = runs / f"prepared-{cohort.name}"
    if not (out / "cohort.json").exists():  # it is written last
        shutil.rmtree(out, ignore_errors=True)
        for one in prepare_cohort(cohort.healthy, folder, out, PAPER_SLAB):
            print(f"prepared {one.subject} ({one.done}/{one.total})" + (f": {one.problem}" if one.problem else ""))
    return out


def train_all(queue: Queue, names: Sequence[str], at_once: int) -> int:
    """Train them, `at_once` side by side. Returns 0, the status of one that failed, or 143 after Ctrl-C or SIGTERM."""
    waiting = [name for name in names if queue.views_of(name) < queue.views]
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed, stop = 0, Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while running or (waiting and not stop.is_set()):
            while waiting and len(running) < at_once and not stop.is_set():
                name = waiting.pop(0)
                running[name] = queue.start(name)
            for name, process in list(running.items()):
                if (status := process.poll()) is not None:
                    del running[name]
                    failed = failed or status
                    print(f"{name}: {queue.outcome(name)}", flush=True)
            if stop.wait(ASK_SECONDS):
                for process in running.values():
                    process.terminate()  # it takes a snapshot and ends
                    process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return STOPPED if stop.is_set() else failed


def main(words: Sequence[str] | None = None) -> int:
    """Train what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_all", description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--cohort", type=Path, required=True, help="healthy subjects, prepared or not")
    add("--only", nargs="+", choices=ORDER, default=ORDER, metavar="MODEL", help="these, in this order")
    add("--views", type=int, default=PAPER_VIEWS, help="slices to show each model (default: the paper's %(default)s)")
    add("--runs", type=Path, default=RUNS / "paper", help="snapshots and logs (default: in the app's folder of runs)")
    add("--out", type=Path, default=RUNS / "paper" / "checkpoints", help="of the checkpoints")
    add("--minutes", type=float, help=f"of each training in this call (with --gpu: {GPU_MINUTES})")
    add("--gpu", action="store_true", help="all side by side on one GPU, in bf16: one alone would leave it idle")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of every model")
    add("--batch-size", type=int, default=TrainConfig.batch_size, help="the paper's by default")
    add("--dry-run", action="store_true", help="print the commands and where each training stands")
    asked = parser.parse_args(words)
    asked.runs.mkdir(parents=True, exist_ok=True)
    cohort = asked.cohort if asked.dry_run else prepared(asked.cohort, asked.runs)
    queue = Queue(
        cohort.resolve(), epochs_for(asked.views, open_cohort(cohort)), asked.views, asked.runs, asked.out,
        asked.minutes or (GPU_MINUTES if asked.gpu else None), ("cuda" if asked.gpu else "cpu"), asked.batch_size,
        tuple(asked.set),
    )  # fmt: skip
    if asked.dry_run:
        for name in asked.only:
            print(f"{name}: {queue.outcome(name)}\n    {' '.join(queue.command(name)[1:])}")
        return 0
    return train_all(queue, asked.only, len(ORDER) if asked.gpu else 1)


if __name__ == "__main__":
    sys.exit(main())
