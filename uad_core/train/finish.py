"""From trained weights to a checkpoint: calibration, what was learnt, and the record of how it came about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from uad_core import RESEARCH_ONLY, versions
from uad_core.cohorts.cohort import Cohort
from uad_core.models import MODELS
from uad_core.models.calibration import Calibration
from uad_core.models.checkpoint import halve, save_checkpoint
from uad_core.preprocess import Prepared
from uad_core.train.calibrate import calibrate
from uad_core.train.trainer import Trainer
from uad_core.train.validation import healthy_l1, trivial_l1

FITTED = 256  # training slices for models that learn more than gradients teach
SEARCHED = 32  # slices to measure a model on that needs minutes for a scan


def finish(trainer: Trainer, out: Path, name: str, command: str, on_progress: Callable[[float], None]) -> None:
    """Write the best weights as checkpoint `name` to `out`, and the last as `name`-last into the run folder.

    Args:
        on_progress: gets the fraction that is done, [0, 1].
    """
    model, position = trainer.model, trainer.position
    last = {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(trainer.best or last)
    about = _about(trainer, command)
    calibration = _calibrated(trainer, about, on_progress)
    _save(trainer, out, name, calibration, about)
    if trainer.run is not None and trainer.steps:
        if position.best_epoch not in (-1, position.epoch - 1):
            model.load_state_dict(last)
            calibration = _calibrated(trainer, about, on_progress)
        _save(trainer, trainer.run, f"{name}-last", calibration, about)


def _save(trainer: Trainer, folder: Path, name: str, calibration: Calibration, about: dict[str, Any]) -> None:
    config = trainer.config
    save_checkpoint(folder, name, config.model, trainer.model, config.slab, calibration, about)


def _calibrated(trainer: Trainer, about: dict[str, Any], on_progress: Callable[[float], None]) -> Calibration:
    """Fit what no gradient teaches, calibrate the weights as a file will hold them, put what they learnt in `about`."""
    loaded, seed = trainer.loaded, trainer.config.seed
    trainer.model.fit(torch.from_numpy(loaded.some(FITTED, seed))[:, None], seed)
    halve(trainer.model)
    every = 1 if trainer.model.slices_at_once else max(1, len(loaded.validation) // SEARCHED)
    held, levels = loaded.validation[::every], loaded.validation_levels[::every]
    own = healthy_l1(trainer.model, held) if MODELS[trainer.config.model].reconstructs else None
    trivial = trivial_l1(loaded.learn, loaded.learn_levels, held, levels)
    about |= {"healthy_l1": own, "trivial_l1": trivial, "learned": None if own is None else own < trivial}
    total = sum(len(outside.subjects[: trainer.config.calibration_scans]) for _, outside in loaded.splits)

    def healthy() -> Iterator[tuple[str, bool, Prepared]]:
        for done, (cohort, scan) in enumerate(loaded.held_out(trainer.config)):
            on_progress(done / total)
            yield cohort.name, cohort.simulated, scan

    return calibrate(trainer.model, healthy())


def _about(trainer: Trainer, command: str) -> dict[str, Any]:
    config, position, ranks = trainer.config, trainer.position, trainer.ranks
    curve = [
        {key: value if math.isfinite(value) else None for key, value in row.items()} for row in position.curve
    ]  # JSON knows no NaN
    return {
        "trained_on": [_who(inside, outside) for inside, outside in trainer.loaded.splits],
        "training": asdict(config)
        | {"device": ranks.device.type, "precision": ranks.precision, "processes": ranks.world},
        "epochs": position.epoch,
        "images": position.images,
        "best_epoch": position.best_epoch if trainer.best else max(position.epoch - 1, 0),
        "best_validation_l1": position.best if math.isfinite(position.best) else None,
        "seconds": round(trainer.seconds),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "versions": versions(),
        "use": RESEARCH_ONLY,
        "loss_curve": curve,
    }


def _who(inside: Cohort, outside: Cohort) -> dict[str, Any]:
    return {
        "cohort": inside.name,
        "simulated": inside.simulated,
        "subjects": [subject.name for subject in inside.subjects],
        "held_out": [subject.name for subject in outside.subjects],
    }
