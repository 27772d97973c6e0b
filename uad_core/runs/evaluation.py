"""Evaluations as processes: ordered, watched, stopped, and opened again, by their folders alone.

An evaluation is a folder `runs/evaluations/NAME`: what `python -m uad_core evaluate --out` writes there, and
`settings.json` with the order, so that a patient's images can be found again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.find import RunError, find_cohorts, usable_cohort
from uad_core.evaluate.config import EvaluateConfig, Signs
from uad_core.evaluate.records import Curves, Metrics
from uad_core.evaluate.rows import PLAIN
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.paths import CHECKPOINTS, ROOT, RUNS, SAMPLES
from uad_core.models.checkpoint import checkpoint_names
from uad_core.runs.process import COMMAND, RunStatus, is_ours, launch, log_end, newest_first, read_json, read_status
from uad_core.runs.request import NAME

EVALUATIONS = RUNS / "evaluations"
EVALUATE = (*COMMAND, "evaluate")
MOST = 8  # models in one evaluation
FILES = ("metrics.json", "curves.json", "metrics.tsv", "per_patient.tsv")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class EvaluationRequest:
    """What an evaluation is asked to do; the fields after `name` are those of `EvaluateConfig`."""

    cohort: Path
    models: tuple[str, ...]
    name: str
    percentile: float = EvaluateConfig.percentile
    median_size: int = EvaluateConfig.median_size
    signed: Signs = EvaluateConfig.signed
    limit: int | None = None

    @property
    def config(self) -> EvaluateConfig:
        """Raises ValueError for settings that mean nothing."""
        return EvaluateConfig(
            percentile=self.percentile, median_size=self.median_size, signed=self.signed, limit=self.limit
        )

    @property
    def arguments(self) -> list[str]:
        """Of `python -m uad_core evaluate`."""
        given = {"cohort": self.cohort.expanduser().resolve(), "models": ",".join(self.models)}
        given |= {"percentile": f"{self.percentile:g}", "median-size": self.median_size, "signed": self.signed}
        given |= {"limit": self.limit} if self.limit else {}
        return [f"--{key}={value}" for key, value in given.items()]


@dataclass(frozen=True)
class Evaluation:
    """An evaluation as its folder shows it.

    Attributes:
        word: where its process stands; the states are "starting", "evaluate", "summarise", "done", "stopped",
            "failed" and "interrupted".
        order: None where it was started by hand, on the command line.
    """

    folder: Path
    word: RunStatus
    order: EvaluationRequest | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> str:
        """As `word` has it, but that whoever was told to stop and is gone has stopped."""
        told = (self.folder / "stop").exists() and self.word.state in ("interrupted", "failed")
        return "stopped" if told else self.word.state

    @property
    def can_start_again(self) -> bool:
        return self.order is not None and self.state in ("stopped", "failed", "interrupted")

    def metrics(self) -> Metrics:
        """What metrics.json holds; empty where it is missing or damaged."""
        return cast(Metrics, read_json(self.folder / "metrics.json"))

    def curves(self) -> Curves:
        """What curves.json holds, likewise."""
        return cast(Curves, read_json(self.folder / "curves.json"))

    def log(self, lines: int = 20) -> str:
        """The end of what the process printed."""
        return log_end(self.folder, lines)


def start_evaluation(
    order: EvaluationRequest, folders: Path = EVALUATIONS, checkpoints: Path = CHECKPOINTS
) -> Evaluation:
    """Begin an evaluation in a process that outlives this one.

    Raises:
        RunError: a folder that is no cohort, models that are not there, or a name that will not do, as a sentence.
    """
    check_evaluation(order, checkpoints)
    folder = folders / order.name
    try:
        folder.mkdir(mode=0o700, parents=True)
        write_json(folder / "settings.json", asdict(order) | {"cohort": str(order.cohort.expanduser().resolve())})
    except FileExistsError:
        raise RunError(f"There is an evaluation named {order.name} already; choose another name.") from None
    except OSError as error:
        raise RunError(f"The folder {folders} cannot be written to ({error.strerror}).") from None
    _launch(folder, order, checkpoints)
    return read_evaluation(folder)


def check_evaluation(order: EvaluationRequest, checkpoints: Path) -> None:
    """Raise RunError, with a sentence, for anything that would make this evaluation fail at once."""
    usable_cohort(order.cohort)
    if not 1 <= len(order.models) <= MOST:
        raise RunError(f"Choose 1 to {MOST} models.")
    if missing := [name for name in order.models if name not in (*checkpoint_names(checkpoints), PLAIN)]:
        raise RunError(f"There is no checkpoint named {missing[0]}.")
    if not NAME.fullmatch(order.name):
        raise RunError("A name has at most 60 letters (a to z), digits, - and _, and begins with a letter or digit.")
    try:
        _ = order.config
    except ValueError as error:
        raise RunError(f"{str(error).capitalize()}.") from None


def stop_evaluation(evaluation: Evaluation) -> None:
    """End its process; nothing of an unfinished evaluation is kept."""
    write_atomically(evaluation.folder / "stop", b"")
    word = read_status(evaluation.folder, "evaluation")
    if word.is_active and word.pid and is_ours(word.pid):
        with suppress(ProcessLookupError):
            os.kill(word.pid, signal.SIGTERM)


def start_again(evaluation: Evaluation, checkpoints: Path = CHECKPOINTS) -> Evaluation:
    """Begin anew what was stopped, interrupted or failed. Raises RunError as `start_evaluation` does."""
    with _one_at_a_time:
        evaluation = read_evaluation(evaluation.folder)
        if evaluation.order is None or not evaluation.can_start_again:
            return evaluation
        check_evaluation(evaluation.order, checkpoints)
        (evaluation.folder / "stop").unlink(missing_ok=True)
        _launch(evaluation.folder, evaluation.order, checkpoints)
    return read_evaluation(evaluation.folder)


def delete_evaluation(evaluation: Evaluation) -> None:
    """Remove its folder, unless its process is at work."""
    if not read_status(evaluation.folder, "evaluation").is_active:
        shutil.rmtree(evaluation.folder, ignore_errors=True)


def order_of(evaluation: Evaluation, metrics: Mapping[str, Any], folder: Path) -> EvaluationRequest:
    """The order that would have led to these metrics, of an evaluation of the scans in `folder` started by hand."""
    models = dict.fromkeys(model["model"] for model in metrics["models"].values())
    config = {key: metrics["config"][key] for key in ("percentile", "median_size", "signed", "limit")}
    return EvaluationRequest(folder, tuple(models), evaluation.name, **config)


def beyond(order: EvaluationRequest, metrics: Mapping[str, Any]) -> list[str]:
    """Settings in the metrics' record that the order does not share: pictures made by it may differ from figures."""
    own = json.loads(json.dumps(asdict(order.config)))
    return [key for key, value in metrics["config"].items() if own.get(key) != value]


def _launch(folder: Path, order: EvaluationRequest, checkpoints: Path) -> None:
    out = [f"--checkpoints={checkpoints.resolve()}", f"--out={folder.resolve()}"]
    launch(folder, EVALUATE, [*order.arguments, *out])


def list_evaluations(folders: Path = EVALUATIONS) -> list[Evaluation]:
    """All evaluations, the one that was started last first."""
    return [read_evaluation(folder) for folder in newest_first(folders)]


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation as it stands now."""
    order = None
    with suppress(KeyError, TypeError, ValueError):
        settings = read_json(folder / "settings.json")
        given = settings | {"cohort": Path(settings["cohort"]), "models": tuple(settings["models"])}
        order = EvaluationRequest(**given)
    return Evaluation(folder, read_status(folder, "evaluation"), order)


def find_evaluable(root: Path = ROOT) -> dict[Path, tuple[int, int]]:
    """Cohort folders in `root` with patients, and their numbers of patients and healthy subjects; the bundled first."""
    found = {}
    for folder, healthy in find_cohorts(root).items():
        if patients := len(open_cohort(folder).subjects) - healthy:
            found[folder] = (patients, healthy)
    return dict(sorted(found.items(), key=lambda item: (item[0] != SAMPLES, item[0])))
