"""Simulated slices held against real ones: intensities, spectra, and a classifier that is to separate them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.stats import wasserstein_distance

from uad_core.evaluate.score_case import Case, Score
from uad_core.experiment.contents import Realism

BINS = 100  # of normalised intensity, over [0, 1]
CENTRES = (np.arange(BINS) + 0.5) / BINS
WINDOW = 96  # mm, and pixels, of the brain's middle
SHOWN = 6  # slices of a cohort
LOWEST = 2  # first frequency, in steps of 1 / WINDOW, that the spectra are compared from
HALVES = 8  # slices that a real cohort needs to be split in two
MEASURED = 64  # slices of a cohort at most
FOLDS = 5  # of the classifier's cross-validation
COARSE = 20  # bins of intensity, and bands of frequency, that the classifier sees


@dataclass(frozen=True, eq=False)
class BrainSlice:
    """A slice to compare: (256, 256) float32 and the brain without lesions, bool."""

    array: np.ndarray
    brain: np.ndarray


@dataclass(frozen=True)
class BrainSlices:
    """Slices of one cohort at one level."""

    level: int
    slices: tuple[BrainSlice, ...]


class BrainSliceCollector:
    """Takes the slice at one level of every scan that has it."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._slices: list[BrainSlice | None] = []  # one a case

    def on_case(self, case: Case, scores: Sequence[Score]) -> None:
        levels, found = case.prepared.slab.levels, None
        if self._level in levels and case.inside[at := levels.index(self._level)].any():
            found = BrainSlice(case.prepared.array[at].copy(), case.inside[at] & ~case.truth[at])
        self._slices.append(found)

    def slices(self) -> BrainSlices:
        """Of many scans every so many-th gives its slice."""
        every = max(-(-len(self._slices) // MEASURED), 1)
        return BrainSlices(self._level, tuple(one for one in self._slices[::every] if one))


def compare(cohorts: Mapping[str, BrainSlices], simulated: set[str]) -> Realism | None:
    """Histograms, spectra and distances of the cohorts' slices; None unless simulated and real ones share a level."""
    real = {name: one for name, one in cohorts.items() if name not in simulated and one.slices}
    if not real:
        return None
    level = next(iter(real.values())).level
    same = {name: one for name, one in cohorts.items() if one.level == level and one.slices}
    made, genuine = [name for name in same if name in simulated], [name for name in same if name in real]
    if not made:
        return None
    slices = {name: list(one.slices) for name, one in same.items()}
    pairs = [(f"{a} (simulated), {b} (real)", slices[a], slices[b]) for a, b in product(made, genuine)]
    pairs += [(f"{a} (real), {b} (real)", slices[a], slices[b]) for a, b in combinations(genuine, 2)]
    many = {name: slices[name] for name in genuine if len(slices[name]) >= HALVES}
    pairs += [(f"two halves of {name} (real)", own[::2], own[1::2]) for name, own in many.items()]
    return Realism(
        level=level,
        slices={name: _shown(own) for name, own in slices.items()},
        centres=CENTRES,
        densities={name: density(own) for name, own in slices.items()},
        frequencies=np.arange(WINDOW // 2 + 1) / WINDOW,
        spectra={name: np.percentile(spectra(own), (10, 50, 90), axis=0) for name, own in slices.items()},
        simulated=tuple(made),
        counts={name: len(own) for name, own in slices.items()},
        distances=tuple(_distance(*pair) for pair in pairs),
    )


def density(slices: Sequence[BrainSlice]) -> np.ndarray:
    """(BINS,) density of the intensity of brain voxels, slices pooled."""
    values = np.concatenate([one.array[one.brain] for one in slices])
    return np.histogram(values, BINS, (0, 1), density=True)[0]


def spectra(slices: Sequence[BrainSlice]) -> np.ndarray:
    """(N, WINDOW // 2 + 1) radially averaged power of the brain's middle, mean removed, under a Hann window."""
    taper = np.outer(np.hanning(WINDOW), np.hanning(WINDOW))
    steps = np.fft.fftfreq(WINDOW) * WINDOW
    radius = np.rint(np.hypot(*np.meshgrid(steps, steps, indexing="ij"))).astype(int)
    kept = radius <= WINDOW // 2
    counts = np.bincount(radius[kept])
    rows = []
    for one in slices:
        middle = [int(axis.min() + axis.max() + 1) // 2 for axis in np.nonzero(one.brain)]
        box = tuple(slice(max(m - WINDOW // 2, 0), max(m - WINDOW // 2, 0) + WINDOW) for m in middle)
        patch = one.array[box].astype(np.float64)
        power = np.abs(np.fft.fft2((patch - patch.mean()) * taper)) ** 2 / (taper**2).sum()
        rows.append(np.bincount(radius[kept], power[kept]) / counts)
    return np.array(rows)


def _distance(pair: str, left: Sequence[BrainSlice], right: Sequence[BrainSlice]) -> dict[str, str]:
    apart = wasserstein_distance(CENTRES, CENTRES, density(left), density(right))
    levels = [10 * np.log10(np.median(spectra(side), axis=0)[LOWEST:]) for side in (left, right)]
    decibels = float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))
    auc = separability(left, right)
    separated = f"{auc:.2f}" if auc is not None else "too few"
    return {"pair": pair, "intensity": f"{apart:.4f}", "db": f"{decibels:.2f}", "auc": separated}


def separability(left: Sequence[BrainSlice], right: Sequence[BrainSlice]) -> float | None:
    """Area under the ROC curve of a linear classifier of the two, cross-validated; .5 is a guess, 1 never wrong.

    It sees each slice's histogram of intensity and its spectrum. None: a side has fewer slices than there are folds.
    """
    if min(len(left), len(right)) < FOLDS:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    seen = np.concatenate([_features(left), _features(right)])
    side = np.repeat([0, 1], [len(left), len(right)])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    score = cross_val_predict(classifier, seen, side, cv=folds, method="decision_function")
    return float(roc_auc_score(side, score))


def _features(slices: Sequence[BrainSlice]) -> np.ndarray:
    """(N, 2 * COARSE): shares of the brain's voxels a bin, and decibels a band of frequencies."""
    greys = np.array([np.histogram(one.array[one.brain], COARSE, (0, 1))[0] / one.brain.sum() for one in slices])
    power = 10 * np.log10(spectra(slices)[:, LOWEST:] + 1e-12)
    bands = np.array_split(power, COARSE, axis=1)
    return np.concatenate([greys, np.stack([band.mean(axis=1) for band in bands], axis=1)], axis=1)


def _shown(slices: Sequence[BrainSlice]) -> np.ndarray:
    """(N, H, W): some of them, cut to what holds every brain of the atlas."""
    chosen = np.linspace(0, len(slices) - 1, min(SHOWN, len(slices))).round().astype(int)
    return np.stack([slices[index].array[30:232, 44:212] for index in chosen])
