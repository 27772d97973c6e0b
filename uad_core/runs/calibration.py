"""Calibrations as background runs: a folder `runs/calibrations/NAME`, which `python -m uad_core calibrate` watches."""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from uad_core.cohorts.find import RunError, usable_cohort
from uad_core.io.command_words import as_words
from uad_core.io.paths import CHECKPOINTS, RUNS
from uad_core.io.schema import text
from uad_core.models.checkpoint import CheckpointError, load_checkpoint
from uad_core.runs.background_run import BackgroundRun
from uad_core.runs.process import COMMAND
from uad_core.train.recalibrate import Recalibration


@dataclass(frozen=True)
class CalibrationRequest:
    """Healthy scans in a cohort folder, to give a checkpoint one more reference."""

    model: str
    cohort: Path
    name: str
    checkpoints: Path = CHECKPOINTS

    def check(self) -> None:
        """Raise RunError for too few healthy scans, or a reference whose name is taken."""
        cohort = usable_cohort(self.cohort)
        try:
            checkpoint = load_checkpoint(self.model, self.checkpoints)
            Recalibration(checkpoint, cohort, self.checkpoints, self.model).subjects()
        except (CheckpointError, ValueError) as error:
            raise RunError(str(error)) from None

    def arguments(self, folder: Path) -> list[str]:
        places = {"cohort": self.cohort.expanduser().resolve(), "checkpoints": self.checkpoints.resolve()}
        return as_words({"model": self.model, **places, "out": self.checkpoints.resolve(), "run": folder})

    def settings(self) -> dict[str, Any]:
        return {"model": self.model, "cohort": str(self.cohort), "name": self.name}


class CalibrationRun(BackgroundRun):
    """A calibration; its own state is "calibrate"."""

    noun = "calibration"
    home = RUNS / "calibrations"
    command = (*COMMAND, "calibrate")
    entries = MappingProxyType({"model": text(1000), "cohort": text(10_000), "name": text(1000)})
    is_ended_by_stop = True

    def resume_arguments(self) -> list[str]:
        """From the beginning."""
        return self.launched

    @property
    def sentence(self) -> str:
        """How sure the threshold is; empty until it is known."""
        return str(self.status.progress.get("sentence") or "")
