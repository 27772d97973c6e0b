"""Training as a generator: `for progress in train(...)` serves command line, page and test alike."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import cos, pi
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, TypeVar

import numpy as np
import torch

from uad_core import RESEARCH_ONLY, versions
from uad_core.atlas import PAPER_SLAB, Slab
from uad_core.batches import AugmentConfig, HealthySlices
from uad_core.checkpoint import build_model, halve, save_checkpoint
from uad_core.data import Cohort, load_subject
from uad_core.models import AnomalyModel, Objective
from uad_core.pipeline import calibrate, reconstruct_slices
from uad_core.preprocess import Prepared

Kept = TypeVar("Kept")
Step = tuple[Objective, torch.optim.Optimizer]


@dataclass(frozen=True)
class TrainConfig:
    """One training run; learning rates belong to the models."""

    model: str = "sae3"
    epochs: int = 150  # the paper's
    batch_size: int = 8  # the paper's
    seed: int = 0
    held_out: float = 0.15  # share of the healthy anatomies kept for validation and calibration
    slab: Slab = PAPER_SLAB
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    schedule: Literal["plain", "cosine"] = "plain"  # the paper's learning rates throughout, or falling to 0
    device: str = "auto"  # or cpu, cuda, ...
    minutes: float | None = None  # stop after the epoch in which this time is over


@dataclass(frozen=True)
class Progress:
    """Where a training stands. `stage` is "load", "train", "calibrate" or "done".

    `losses` are the means of the epoch so far; `validation` is the last epoch's mean l1 distance on
    held-out healthy slices, NaN before the first.
    """

    stage: str
    epoch: int
    fraction: float  # of this stage
    losses: dict[str, float] = field(default_factory=dict)
    validation: float = float("nan")
    images_per_second: float = float("nan")


def train(
    cohorts: Sequence[Cohort], config: TrainConfig, out: Path, name: str, command: str = ""
) -> Iterator[Progress]:
    """Train on the healthy subjects of `cohorts`, calibrate on those held out, write the checkpoint.

    Args:
        out: folder that gets `name`.safetensors and `name`.json, of the epoch with the best validation.
        command: how to run this again, for the record.

    Raises:
        ScanError: a cohort that cannot be split, or a scan that cannot be prepared.
        FloatingPointError: the loss is no number any more; nothing is written.
    """
    started = perf_counter()
    torch.manual_seed(config.seed)
    device = pick_device(config.device)
    model = build_model(config.model).to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # known to torch, not to its stubs
    splits = [cohort.healthy.split(config.held_out, config.seed) for cohort in cohorts]
    learn = yield from _load([inside for inside, _ in splits], config.slab, brain_slices)
    check = yield from _load([outside for _, outside in splits], config.slab, lambda scan: scan)
    slices = HealthySlices([np.concatenate(group) for group in learn], config.augment, config.seed)
    validation = np.concatenate([brain_slices(scan) for group in check for scan in group])

    steps = [(aim, torch.optim.Adam(aim.parameters, aim.learning_rate)) for aim in model.objectives()]
    curve: list[dict[str, Any]] = []
    best, best_state = float("inf"), model.state_dict()
    for epoch in range(config.epochs):
        losses = yield from _one_epoch(model, steps, slices, config, epoch)
        error = _validation_error(model, validation)
        curve.append({"epoch": epoch, **{key: round(value, 6) for key, value in losses.items()}, "validation": error})
        if error < best:
            best, best_state = error, {key: value.clone() for key, value in model.state_dict().items()}
        yield Progress("train", epoch, 1.0, losses, error)
        if config.minutes is not None and perf_counter() - started > config.minutes * 60:
            break

    model.load_state_dict(best_state)
    halve(model)
    yield Progress("calibrate", len(curve), 0.0, validation=best)
    healthy = [
        (group.name, group.simulated, scan) for group, scans in zip(cohorts, check, strict=True) for scan in scans
    ]
    calibration = calibrate(model, healthy)
    about = {
        "trained_on": [_who(inside, outside) for inside, outside in splits],
        "training": asdict(config) | {"device": device.type},
        "epochs": len(curve),
        "images": slices.per_epoch * len(curve),
        "best_validation_l1": best,
        "seconds": round(perf_counter() - started),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "versions": versions(),
        "use": RESEARCH_ONLY,
        "loss_curve": curve,
    }
    save_checkpoint(out, name, config.model, model, config.slab, calibration, about)
    yield Progress("done", len(curve), 1.0, validation=best)


def _who(inside: Cohort, outside: Cohort) -> dict[str, Any]:
    return {
        "cohort": inside.name,
        "simulated": inside.simulated,
        "subjects": [subject.name for subject in inside.subjects],
        "held_out": [subject.name for subject in outside.subjects],
    }


def pick_device(wish: str) -> torch.device:
    """The device named, or for "auto" the GPU if there is one."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if wish == "auto" else wish)


def _load(
    cohorts: Sequence[Cohort], slab: Slab, keep: Callable[[Prepared], Kept]
) -> Generator[Progress, None, list[list[Kept]]]:
    """Prepare every subject; returns one list per cohort of what is to be kept of each: memory is short."""
    total, done = sum(len(cohort.subjects) for cohort in cohorts), 0
    groups: list[list[Kept]] = []
    for cohort in cohorts:
        groups.append([])
        for subject in cohort.subjects:
            groups[-1].append(keep(load_subject(subject, slab)))
            done += 1
            yield Progress("load", 0, done / total)
    return groups


def brain_slices(scan: Prepared) -> np.ndarray:
    """(N, 256, 256) float32: the slices that show any brain."""
    return scan.array[scan.brain_mask.any(axis=(1, 2))]


def _one_epoch(
    model: AnomalyModel, steps: Sequence[Step], slices: HealthySlices, config: TrainConfig, epoch: int
) -> Generator[Progress, None, dict[str, float]]:
    """One pass; returns the mean of each loss term over its images."""
    model.train()
    device = next(model.parameters()).device
    sums: dict[str, float] = {}
    started, seen = perf_counter(), 0
    for batch in slices.batches(epoch, config.batch_size):
        tensor = torch.from_numpy(batch)[:, None].to(device, memory_format=torch.channels_last)
        share = (epoch + seen / slices.per_epoch) / config.epochs  # of the training that is done
        for objective, optimiser in steps:
            rate = objective.learning_rate * (0.5 * (1 + cos(pi * share)) if config.schedule == "cosine" else 1.0)
            optimiser.param_groups[0]["lr"] = rate
            terms = objective.terms(tensor)
            loss = torch.stack(list(terms.values())).sum()
            if not torch.isfinite(loss):
                raise FloatingPointError(f"The {objective.name} loss is no number any more; try a lower learning rate.")
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            for key, value in terms.items():
                sums[key] = sums.get(key, 0.0) + value.item() * len(batch)
        seen += len(batch)
        speed = seen / (perf_counter() - started)
        means = {key: value / seen for key, value in sums.items()}
        yield Progress("train", epoch, min(seen / slices.per_epoch, 1.0), means, images_per_second=speed)
    return {key: value / seen for key, value in sums.items()}


def _validation_error(model: AnomalyModel, slices: np.ndarray, batch_size: int = 16) -> float:
    """Mean l1 distance per pixel over (N, 256, 256) held-out healthy slices."""
    total = 0.0
    for first in range(0, len(slices), batch_size):
        batch = slices[first : first + batch_size]
        total += float(np.abs(batch - reconstruct_slices(model, batch)).mean(axis=(1, 2)).sum())
    return round(total / len(slices), 6)
