"""From trained weights to a checkpoint: calibration, what was learnt, and the record of how it came about."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from uad_core import RESEARCH_ONLY, versions
from uad_core.cohorts.cohort import Cohort
from uad_core.io.progress_file import finite
from uad_core.models import MODELS
from uad_core.models.calibration import Calibration
from uad_core.models.checkpoint import halve, save_checkpoint
from uad_core.preprocess import Prepared
from uad_core.train.calibrate import calibrate
from uad_core.train.start import begun_with
from uad_core.train.state import TrainState
from uad_core.train.validation import healthy_l1, trivial_l1

FITTED = 256  # training slices for models that learn more than gradients teach
SEARCHED = 32  # slices to measure a model on that needs minutes for a scan


def finish(state: TrainState, on_progress: Callable[[float], None]) -> None:
    """Write the checkpoint of the best weights, and NAME-last to the run folder; `on_progress` gets a share of 1."""
    training, model, position = state.training, state.model, state.position
    last = {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(state.best or last)
    about = _about(state)
    calibration = _calibrated(state, about, on_progress)
    _save(state, training.out, training.name, calibration, about)
    if training.run is not None and state.steps:
        if position.best_epoch not in (-1, position.epoch - 1):
            model.load_state_dict(last)
            calibration = _calibrated(state, about, on_progress)
        _save(state, training.run, f"{training.name}-last", calibration, about)


def _save(state: TrainState, folder: Path, name: str, calibration: Calibration, about: dict[str, Any]) -> None:
    config = state.config
    save_checkpoint(folder / name, config.model, state.model, config.slab, calibration, about)


def _calibrated(state: TrainState, about: dict[str, Any], on_progress: Callable[[float], None]) -> Calibration:
    """Fit what no gradient teaches, calibrate the weights as a file will hold them, put what they learnt in `about`."""
    loaded, seed = state.loaded, state.config.seed
    state.model.fit(torch.from_numpy(loaded.some(FITTED, seed))[:, None], seed)
    halve(state.model)
    every = 1 if state.model.slices_at_once else max(1, len(loaded.validation) // SEARCHED)
    held, levels = loaded.validation[::every], loaded.validation_levels[::every]
    own = healthy_l1(state.model, held) if MODELS[state.config.model].reconstructs else None
    trivial = trivial_l1(loaded.learn, loaded.learn_levels, held, levels)
    about |= {"healthy_l1": own, "trivial_l1": trivial, "learned": None if own is None else own < trivial}
    total = sum(len(outside.subjects[: state.config.calibration_scans]) for _, outside in loaded.splits)

    def healthy() -> Iterator[tuple[str, bool, Prepared]]:
        for done, (cohort, scan) in enumerate(loaded.held_out(state.config)):
            on_progress(done / total)
            yield cohort.name, cohort.simulated, scan

    return calibrate(state.model, healthy())


def _about(state: TrainState) -> dict[str, Any]:
    config, position, ranks = state.config, state.position, state.ranks
    here = {"device": ranks.device.type, "precision": ranks.precision, "processes": ranks.world}
    return {
        "trained_on": [_who(inside, outside) for inside, outside in state.loaded.splits],
        "begun_with": begun_with(state.training),
        "training": asdict(config) | here,
        "epochs": position.epoch,
        "images": position.images,
        "best_epoch": position.best_epoch if state.best else max(position.epoch - 1, 0),
        "best_validation_l1": finite(position.best),
        "seconds": round(state.seconds),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": state.training.command,
        "versions": versions(),
        "use": RESEARCH_ONLY,
        "loss_curve": finite(position.curve),
    }


def _who(inside: Cohort, outside: Cohort) -> dict[str, Any]:
    return {
        "cohort": inside.name,
        "simulated": inside.simulated,
        "subjects": [subject.name for subject in inside.subjects],
        "held_out": [subject.name for subject in outside.subjects],
    }
