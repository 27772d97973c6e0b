"""Healthy slices in memory: those to learn from, and those held out to measure on."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uad_core.cohorts.cohort import Cohort
from uad_core.cohorts.load import load_subject
from uad_core.io.volume import ScanError
from uad_core.preprocess import Prepared
from uad_core.train.config import TrainConfig, TrainProgress

MANY = 3000  # slices; beyond these they are kept as float16, whose steps of at most 0.0005 lie below the noise
VALIDATION = 256  # held-out slices at most, evenly spaced


@dataclass(frozen=True, eq=False)
class Loaded:
    """The healthy slices of all cohorts. Arrays are (N, 256, 256); levels (N,) say where in the atlas each is."""

    learn: list[np.ndarray]  # per cohort, float32 or, when there are many, float16
    learn_levels: list[np.ndarray]  # per cohort
    validation: np.ndarray  # float32, held-out slices of all cohorts
    validation_levels: np.ndarray
    splits: list[tuple[Cohort, Cohort]]  # per cohort, the subjects to learn from and those held out

    def some(self, count: int, seed: int) -> np.ndarray:
        """At most (count, 256, 256) float32 slices to learn from, drawn by `seed`, as many of each cohort if it has."""
        rng, share = np.random.default_rng(seed), max(1, count // len(self.learn))
        drawn = [array[np.sort(rng.permutation(len(array))[:share])] for array in self.learn]
        return np.concatenate(drawn).astype(np.float32)

    def held_out(self, config: TrainConfig) -> Iterator[tuple[Cohort, Prepared]]:
        """Held-out scans, read one at a time: together they would not fit in memory for a whole brain."""
        for _, outside in self.splits:
            for subject in outside.subjects[: config.calibration_scans]:
                yield outside, load_subject(subject, config.slab)


def load(
    cohorts: Sequence[Cohort], config: TrainConfig, must_stop: Callable[[], bool] | None = None
) -> Generator[TrainProgress, None, Loaded | None]:
    """Prepare every healthy subject, keeping slices with any brain; None once `must_stop` is true.

    A subject that cannot be prepared is left out, and `problem` says why. Beside other cohorts one of a single person
    is learnt from whole. Raises ScanError: a cohort that cannot be split, or of which nobody can be used.
    """
    splits = _split(cohorts, config)
    total = sum(len(part.subjects) for split in splits for part in split)
    pieces, done = _Pieces(), 0
    left_out: set[Path] = set()
    for number, split in enumerate(splits):
        for part, inside in zip(split, (True, False), strict=True):
            for subject in part.subjects:
                problem = ""
                try:
                    pieces.add(number, inside, load_subject(subject, config.slab))
                except ScanError as error:
                    left_out.add(subject.flair)
                    problem = f"{subject.name} left out: {error}"
                done += 1
                now = TrainProgress("load", 0, done / total, epochs=config.epochs, problem=problem)
                yield now
                if must_stop and must_stop():
                    yield replace(now, stage="stopped")
                    return None
    splits = [(inside.without(left_out), outside.without(left_out)) for inside, outside in splits]
    if not all(inside.subjects for inside, _ in splits) or not any(outside.subjects for _, outside in splits):
        raise ScanError("cohort", "No scan can be used of those to learn from, or of those held out. See the log.")
    learn, levels = zip(*(pieces.take(number, True) for number in range(len(splits))), strict=True)
    outside = [pieces.take(number, False) for number, (_, held_out) in enumerate(splits) if held_out.subjects]
    held, held_levels = (np.concatenate(group) for group in zip(*outside, strict=True))
    chosen = np.unique(np.linspace(0, len(held) - 1, min(VALIDATION, len(held))).round().astype(int))
    return Loaded(list(learn), list(levels), held[chosen].astype(np.float32), held_levels[chosen], splits)


def _split(cohorts: Sequence[Cohort], config: TrainConfig) -> list[tuple[Cohort, Cohort]]:
    """Of each cohort's healthy subjects those to learn from, and those held out."""
    healthy = [cohort.healthy for cohort in cohorts]
    many = [len({subject.anatomy for subject in cohort.subjects}) > 1 for cohort in healthy]
    return [
        cohort.split(config.held_out, config.seed)
        if several or not any(many)
        else (cohort, replace(cohort, subjects=()))
        for cohort, several in zip(healthy, many, strict=True)
    ]


class _Pieces:
    """Slices that show any brain as they come, with their levels, by cohort and side of the split."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool], list[tuple[np.ndarray, np.ndarray]]] = {}
        self._count = 0

    def add(self, number: int, inside: bool, scan: Prepared) -> None:
        where = scan.brain_mask.any(axis=(1, 2))
        slices, levels = scan.array[where], np.array(scan.slab.levels)[where]
        before, self._count = self._count, self._count + len(slices)
        if before <= MANY < self._count:
            for group in self._kept.values():
                group[:] = [(array.astype(np.float16), where) for array, where in group]
        kept = np.float16 if self._count > MANY else np.float32
        self._kept.setdefault((number, inside), []).append((slices.astype(kept), levels))

    def take(self, number: int, inside: bool) -> tuple[np.ndarray, np.ndarray]:
        """Joined and forgotten here, so that slices are in memory once and not twice."""
        group = self._kept.pop((number, inside))
        levels = np.concatenate([where for _, where in group])
        joined, first = np.empty((len(levels), *group[0][0].shape[1:]), group[0][0].dtype), 0
        while group:
            array, _ = group.pop(0)
            joined[first : first + len(array)] = array
            first += len(array)
        return joined, levels
