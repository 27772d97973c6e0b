"""What a training is asked to do, and whether it can be done; and the cohorts that lie about to learn from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uad_core.cohorts.cohort import FLAIR, Cohort, open_cohort
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
NOT_COHORTS = {"runs", "checkpoints", "uad_core", "tests", "pages", "docs"}


class RunError(ValueError):
    """A training that cannot be started or resumed; the text is a sentence for the user."""


@dataclass(frozen=True)
class Order:
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


def check(order: Order, out: Path) -> None:
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


def usable_cohort(folder: Path) -> Cohort:
    """The cohort in that folder. Raises RunError, with a sentence, where there is none."""
    try:
        if not folder.expanduser().is_dir():
            raise RunError(f"There is no folder {folder}. Check its path.")
        return open_cohort(folder.expanduser())
    except ScanError as error:
        raise RunError(f"{folder} is no cohort. {error}") from None
    except RunError:
        raise
    except (ValueError, OSError, RuntimeError, AttributeError):
        raise RunError(f"{folder} cannot be read, or its cohort.json or participants.tsv is damaged.") from None


def find_cohorts(root: Path = ROOT) -> dict[Path, int]:
    """Cohort folders in `root`, at most three floors down, with their numbers of healthy subjects."""
    found = {}
    for folder in _folders(root, 3):
        try:
            if any(FLAIR.match(path.name) and "_desc-" not in path.name for path in folder.iterdir()):
                found[folder] = len(open_cohort(folder).healthy.subjects)
        except (ValueError, OSError, AttributeError):
            continue  # not a cohort that could be used
    return found


def _folders(root: Path, floors: int) -> Iterator[Path]:
    for path in sorted(root.iterdir()) if floors and os.access(root, os.R_OK | os.X_OK) else ():
        if path.is_dir() and path.name not in NOT_COHORTS and not path.name.startswith("."):
            yield path
            yield from _folders(path, floors - 1)
