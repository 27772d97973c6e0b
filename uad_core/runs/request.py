"""What a training is asked to do, and whether it can be done; and the cohorts that lie about to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from uad_core.cohorts.find import RunError, usable_cohort

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True)
class TrainRequest:
    """What a training is asked to do. Defaults are the paper's.

    Attributes:
        cohorts: folders.
        minutes: the training ends after the epoch in which this time is over; None for no limit.
        slab: "paper" (20 axial levels) or "whole" (all of them).
        schedule: "plain" or "cosine".
    """

    cohorts: tuple[Path, ...]
    name: str
    model: str = "sae3"
    epochs: int = 150
    batch_size: int = 8
    seed: int = 0
    minutes: float | None = None
    slab: str = "paper"
    schedule: str = "plain"

    @property
    def arguments(self) -> list[str]:
        """Of `python -m uad_core train`."""
        given = {"model": self.model, "name": self.name, "epochs": self.epochs, "batch-size": self.batch_size}
        given |= {"seed": self.seed, "schedule": self.schedule, "slab": self.slab}
        given |= {"minutes": f"{self.minutes:g}"} if self.minutes else {}
        cohorts = dict.fromkeys(folder.expanduser().resolve() for folder in self.cohorts)
        options = [("cohort", folder) for folder in cohorts] + list(given.items())
        return [part for key, value in options for part in (f"--{key}", str(value))]


def check(order: TrainRequest, out: Path) -> None:
    """Raise RunError, with a sentence, for anything that would make this training fail at once."""
    if not order.cohorts:
        raise RunError("Choose at least one cohort folder to learn from.")
    for folder in order.cohorts:
        if (brains := _healthy_brains(folder)) < 2:
            count = "1 healthy brain only" if brains else "no healthy subjects (whoever has a lesion mask is a patient)"
            raise RunError(f"{folder} holds {count}; at least 2 are needed, one to learn from and one to hold out.")
    if not NAME.fullmatch(order.name):
        raise RunError("A name has at most 60 letters (a to z), digits, - and _, and begins with a letter or digit.")
    if (out / f"{order.name}.json").exists():
        raise RunError(f"There is a checkpoint named {order.name} already; choose another name.")


def _healthy_brains(folder: Path) -> int:
    return len({subject.anatomy for subject in usable_cohort(folder).healthy.subjects})
