"""A training that begins with the weights of another: who was learnt from then, and who may be held out now."""

from collections.abc import Sequence
from typing import Any

from uad_core.cohorts.cohort import Cohort
from uad_core.models.checkpoint import load_checkpoint
from uad_core.train.config import Training

KEPT = ("name", "sha256", "command", "images", "seconds", "trained_on")  # of the record of the checkpoint begun with


def begun_with(training: Training) -> dict[str, Any] | None:
    """What the new checkpoint's record says of the one that it began with; None for a training from nothing."""
    if training.config.start_from is None:
        return None
    record = load_checkpoint(training.config.start_from, training.out).record
    return {key: record.get(key) for key in KEPT}


def check_held_out(training: Training, splits: Sequence[tuple[Cohort, Cohort]]) -> None:
    """Raise ValueError where a subject that is held out now was learnt from by the checkpoint begun with."""
    before = begun_with(training) or {}
    for _, outside in splits:
        entries = [entry for entry in before.get("trained_on") or [] if entry["cohort"] == outside.name]
        learnt = {subject for entry in entries for subject in entry["subjects"]}
        if any(subject.name in learnt for subject in outside.subjects):
            known = f"Checkpoint {training.config.start_from} has learnt from subjects of {outside.name}"
            raise ValueError(f"{known} that would be held out now; take its --seed and --held-out.")
