"""Trainings as background runs: a folder `runs/NAME`, which `python -m uad_core train --run` writes."""

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import Image

from uad_core.cohorts.find import RunError, usable_cohort
from uad_core.io.command_words import as_words
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.io.schema import list_of, mapping, misfit, number, text, whole
from uad_core.io.sealed import read_sealed
from uad_core.runs.background_run import BackgroundRun
from uad_core.runs.process import COMMAND, tail
from uad_core.train.config import TrainConfig

PICTURE = re.compile(r"epoch_[0-9]{1,9}")
SHORTEST = "0.001"  # minutes
EPOCH, FIGURE = whole(0, 10**9), number(-1e300, 1e300).or_null()  # of a line of curve.jsonl


@dataclass(frozen=True)
class TrainRequest:
    """A training to be started, of checkpoint `name` in the folder `out`, on the healthy subjects of cohort folders."""

    cohorts: tuple[Path, ...]
    name: str
    config: TrainConfig = field(default_factory=TrainConfig)
    out: Path = CHECKPOINTS

    def check(self) -> None:
        """Raise RunError for too few healthy subjects, or a name that is taken."""
        if not self.cohorts:
            raise RunError("Choose at least one cohort folder to learn from.")
        brains = [len({one.anatomy for one in usable_cohort(folder).healthy.subjects}) for folder in self.cohorts]
        for folder, count in zip(self.cohorts, brains, strict=True):
            if count < (1 if max(brains) > 1 else 2):  # one person beside a cohort is learnt from whole
                few = "1 healthy brain only" if count else "no healthy subjects, that is, none without a lesion mask"
                raise RunError(f"{folder} holds {few}; at least 2 are needed, one to learn from and one to hold out.")
        if (self.out / f"{self.name}.json").exists():
            raise RunError(f"There is a checkpoint named {self.name} already; choose another name.")

    def arguments(self, folder: Path) -> list[str]:
        cohorts = list(dict.fromkeys(cohort.expanduser().resolve() for cohort in self.cohorts))
        places = {"out": self.out.resolve(), "run": folder}
        return as_words({"cohort": cohorts, "name": self.name} | self.config.options() | places)

    def settings(self) -> dict[str, Any]:
        return {}  # the training writes them, by hand as from here


class TrainingRun(BackgroundRun):
    """A training; its own states are "load", "train" and "calibrate"."""

    noun = "training"
    home = RUNS
    command = (*COMMAND, "train")
    is_ended_by_stop = False
    entries = MappingProxyType(
        {"config": mapping(), "name": text(1000), "out": text(10_000), "cohorts": list_of(text(10_000), 1000)}
    )

    def resume_arguments(self) -> list[str]:
        """From its last snapshot; from the beginning if it ended before it wrote its settings."""
        if not self.settings and not self.launched:
            raise RunError(f"Run {self.name} cannot be resumed; start a new one.")
        if not self.settings:
            return self.launched
        config = self.settings.get("config")
        minutes = config.get("minutes") if isinstance(config, dict) else None
        return as_words({"resume": self.folder.resolve(), "minutes": minutes})

    @property
    def can_resume(self) -> bool:
        """Also one that a time limit ended before its last epoch."""
        at = self.status.progress
        cut_short = self.state == "done" and at.get("epoch", 0) < at.get("epochs", 0) and bool(self.settings)
        return super().can_resume or cut_short

    def finish_now(self) -> "TrainingRun":
        """Make a checkpoint of what it has learned, after the epoch that it stands in; it can be resumed later."""
        return self.resume("--minutes", SHORTEST)

    @property
    def checkpoint(self) -> str:
        """Name of what it makes; the run itself may have been given another."""
        return str(self.settings.get("name", self.name))

    @property
    def _out(self) -> Path:
        return Path(str(self.settings.get("out", "")))

    @property
    def has_checkpoint(self) -> bool:
        """Whether what it made is still there."""
        return self.state == "done" and bool(read_sealed(self._out / f"{self.checkpoint}.json"))

    def delete_checkpoint(self) -> None:
        """The description first: without it the weights are none."""
        for ending in ("json", "safetensors"):
            (self._out / f"{self.checkpoint}.{ending}").unlink(missing_ok=True)

    @property
    def learned(self) -> bool | None:
        """Whether its checkpoint reconstructs healthy slices better than the median training slice; None: not known."""
        record = read_sealed(self._out / f"{self.checkpoint}.json")
        learned = record.get("learned")
        return learned if isinstance(learned, bool) else None

    def curve(self) -> list[dict[str, Any]]:
        """One entry an epoch, in their order: `epoch`, the losses, `validation`."""
        epochs = {}
        for line in tail(self.folder / "curve.jsonl", size=1 << 24).splitlines():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue  # half a line, of a process that was killed
            if isinstance(entry, dict) and not misfit(entry, {**dict.fromkeys(entry, FIGURE), "epoch": EPOCH}):
                epochs[entry["epoch"]] = entry
        return [epochs[number] for number in sorted(epochs)]

    def picture(self) -> tuple[str, bytes] | None:
        """The newest picture of held-out slices: name and PNG; None before the first."""
        for path in sorted((self.folder / "pictures").glob("epoch_*.png"), reverse=True):
            try:
                data = path.read_bytes()
                Image.open(io.BytesIO(data)).verify()
                if PICTURE.fullmatch(path.stem):
                    return path.stem, data
            except Exception:  # an old one that was just removed, or one of the many faults of a damaged picture
                continue
        return None
