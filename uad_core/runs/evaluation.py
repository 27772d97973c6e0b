"""Evaluations as background runs: a folder `runs/evaluations/NAME`, which `python -m uad_core evaluate --out` writes.

`settings.json` holds the request, so that a patient's images can be found again.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from uad_core.cohorts.find import RunError, usable_cohort
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.metrics_check import is_curves, is_metrics
from uad_core.evaluate.metrics_file import Curves, Metrics
from uad_core.evaluate.rows import PLAIN
from uad_core.io.command_words import as_words
from uad_core.io.paths import CHECKPOINTS, ROOT, RUNS
from uad_core.io.schema import list_of, text
from uad_core.io.sealed import read_sealed
from uad_core.models.checkpoint import checkpoint_names
from uad_core.runs.background_run import BackgroundRun
from uad_core.runs.process import COMMAND, RunStatus

EVALUATIONS = RUNS / "evaluations"
MOST = 8  # models in one evaluation
FILES = ("metrics.json", "curves.json", "metrics.tsv", "per_patient.tsv")
KEPT = ("percentile", "median_size", "signed", "limit")  # of the config, in settings.json
ADDED = ("look", "false_discovery")  # likewise, but runs from before them lack them


@dataclass(frozen=True)
class EvaluationRequest:
    """Models, by the names of their checkpoints in the folder `checkpoints`, to be scored on a cohort folder."""

    cohort: Path
    models: tuple[str, ...]
    name: str
    config: EvaluateConfig = field(default_factory=EvaluateConfig)
    checkpoints: Path = CHECKPOINTS

    def check(self) -> None:
        """Raise RunError for a folder that is no cohort, or models that are not there."""
        usable_cohort(self.cohort)
        if not 1 <= len(self.models) <= MOST:
            raise RunError(f"Choose 1 to {MOST} models.")
        there = {*checkpoint_names(self.checkpoints), PLAIN}
        if missing := [name for name in self.models if name not in there]:
            raise RunError(f"There is no checkpoint named {missing[0]}.")

    def arguments(self, folder: Path) -> list[str]:
        given = {"cohort": self._cohort, "models": ",".join(self.models)}
        return as_words(given | self.config.options() | {"checkpoints": self.checkpoints.resolve(), "out": folder})

    def settings(self) -> dict[str, Any]:
        config = {key: getattr(self.config, key) for key in (*KEPT, *ADDED)}
        given = {"cohort": str(self._cohort), "models": self.models, "name": self.name}
        return given | config | {"checkpoints": str(self.checkpoints.resolve())}

    @property
    def _cohort(self) -> Path:
        return self.cohort.expanduser().resolve()

    @classmethod
    def from_settings(cls, record: Mapping[str, Any]) -> "EvaluationRequest":
        """The way back from `settings`. Raises KeyError, TypeError or ValueError for a damaged record."""
        config = _config(record)
        checkpoints = Path(record.get("checkpoints", CHECKPOINTS))
        return cls(Path(record["cohort"]), tuple(record["models"]), record["name"], config, checkpoints)

    @classmethod
    def from_metrics(cls, folder: Path, name: str, metrics: Mapping[str, Any]) -> "EvaluationRequest":
        """The request that would have led to these metrics of the scans in `folder`, for a run started by hand."""
        models = dict.fromkeys(model["model"] for model in metrics["models"].values())
        return cls(folder, tuple(models), name, _config(metrics["config"]))

    def differs_from(self, metrics: Mapping[str, Any]) -> list[str]:
        """Settings in the metrics' record that this request does not share: its pictures may differ from the scores."""
        own = json.loads(json.dumps(asdict(self.config)))
        return [key for key, value in metrics["config"].items() if own.get(key) != value]


def _config(record: Mapping[str, Any]) -> EvaluateConfig:
    return EvaluateConfig(**{key: record[key] for key in KEPT}, **{key: record[key] for key in ADDED if key in record})


class EvaluationRun(BackgroundRun):
    """An evaluation; its own states are "evaluate" and "summarise"."""

    noun = "evaluation"
    home = EVALUATIONS
    command = (*COMMAND, "evaluate")
    is_ended_by_stop = True
    entries = MappingProxyType({"cohort": text(10_000), "models": list_of(text(1000), 1000), "name": text(1000)})

    @cached_property
    def request(self) -> EvaluationRequest | None:
        """None where it was started by hand, on the command line."""
        with suppress(KeyError, TypeError, ValueError):
            return EvaluationRequest.from_settings(self.settings)
        return None

    @property
    def can_resume(self) -> bool:
        return self.request is not None and super().can_resume

    def resume_arguments(self) -> list[str]:
        """From the beginning."""
        assert self.request is not None  # else `can_resume` is false
        self.request.check()
        return self.request.arguments(self.folder.resolve())

    def metrics(self) -> Metrics:
        """What metrics.json holds; empty where it is missing, damaged or means nothing, as `curves` is."""
        record = read_sealed(self.folder / "metrics.json")
        return cast(Metrics, record if is_metrics(record) else {})

    def curves(self) -> Curves:
        """Of the rows that the metrics have: while an evaluation is replaced, one file may be ahead of the other."""
        record, rows = read_sealed(self.folder / "curves.json"), self.metrics().get("models", {})
        if not is_curves(record):
            return cast(Curves, {})
        known = {key: one for key, one in record["models"].items() if key in rows}
        return cast(Curves, record | {"models": known} if known else {})


class MeasuredEvaluation(EvaluationRun):
    """One that ships with the project: its figures without the scans, which are their owners'."""

    home = ROOT / "docs" / "measured"

    @classmethod
    def read(cls, folder: Path) -> "MeasuredEvaluation":
        return cls(folder, RunStatus("done", {}))

    @classmethod
    def all(cls, home: Path | None = None) -> "list[MeasuredEvaluation]":
        """That of most patients, and so of most bytes, first."""
        found = sorted((home or cls.home).glob("*/metrics.json"), key=lambda path: -path.stat().st_size)
        return [cls.read(path.parent) for path in found]

    @property
    def name(self) -> str:
        return f"measured-{self.folder.name}"

    def delete(self) -> None:
        """It stays: nobody's run made it."""
