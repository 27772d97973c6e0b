"""How sure one can be of a mean: confidence intervals by the bootstrap over patients.

Two scans of one person say less than two people. Where `people` names the person of each scan, it is people that are
drawn, with all their scans, and a person's figure is the mean over the scans.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uad_core.evaluate.metrics.ranking import Curve

GRID = 1000  # thresholds at which resampled cohorts are pooled


@dataclass(frozen=True)
class Interval:
    """A mean over patients with its 95 % confidence interval; `left_out` had no value (NaN)."""

    mean: float
    std: float
    low: float
    high: float
    patients: int
    left_out: int


def mean_with_interval(
    values: np.ndarray, resamples: int = 2000, seed: int = 0, people: Sequence[str] | None = None
) -> Interval:
    """Mean and sample standard deviation over patients, and the bootstrap interval of the mean.

    Patients are drawn with replacement; the interval is bias-corrected and accelerated (Efron, J Am Stat Assoc 82
    (1987) 171), which for few patients with a skewed figure covers the mean more often than plain percentiles do. NaN
    are left out and counted. Fewer than two patients have no interval and no deviation: NaN; nor is there an interval
    where all have the same value.
    """
    values = _by_person(np.asarray(values, np.float64), people)
    kept = values[~np.isnan(values)]
    nan, left_out = float("nan"), values.size - kept.size
    if kept.size < 2:
        return Interval(float(kept[0]) if kept.size else nan, nan, nan, nan, kept.size, left_out)
    low = high = nan
    if np.ptp(kept) > 0:
        from scipy.stats import bootstrap  # here, since it takes a second to load

        rng = np.random.default_rng(seed)
        found = bootstrap((kept,), np.mean, n_resamples=resamples, method="BCa", rng=rng, vectorized=True)
        low, high = found.confidence_interval
    return Interval(float(kept.mean()), float(kept.std(ddof=1)), float(low), float(high), kept.size, left_out)


def paired_difference(
    values: np.ndarray,
    baseline: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
    people: Sequence[str] | None = None,
) -> Interval:
    """`values` less `baseline`, scan by scan; a scan without either figure is left out."""
    differences = np.asarray(values, np.float64) - np.asarray(baseline, np.float64)
    return mean_with_interval(differences, resamples, seed, people)


def pooled_interval(
    pooled: Curve,
    values: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    resamples: int = 2000,
    seed: int = 0,
    people: Sequence[str] | None = None,
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the pooled average precision, patients drawn with replacement.

    The figure itself is exact; its interval is read off at 1000 thresholds, evenly spaced in recall, which moves an end
    by less than 0.001. NaN for fewer than two patients. `pooled` is the curve of all patients' voxels; `values` are the
    (N,) scores of each patient, `truths` their bool truth.
    """
    names, person = np.unique(range(len(values)) if people is None else people, return_inverse=True)
    if len(names) < 2 or not pooled.positives:
        return float("nan"), float("nan")
    thresholds = pooled.thinned(GRID).thresholds
    hits = np.stack([_at_least(v[t], thresholds) for v, t in zip(values, truths, strict=True)])
    flagged = np.stack([_at_least(v, thresholds) for v in values])
    draws = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    weights = np.stack([np.bincount(draw, minlength=len(names)) for draw in draws]).astype(np.float64)[:, person]
    found, called = weights @ hits, np.maximum(weights @ flagged, 1)
    positives = weights @ np.array([np.count_nonzero(truth) for truth in truths])
    steps = np.diff(found / np.maximum(positives, 1)[:, None], axis=1, prepend=0)
    low, high = np.percentile((steps * found / called).sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def _by_person(values: np.ndarray, people: Sequence[str] | None) -> np.ndarray:
    """The mean of each person's values, NaN where there is none, in the order of their first scans."""
    if people is None:
        return values
    scans: dict[str, list[float]] = {}
    for person, value in zip(people, values.tolist(), strict=True):
        scans.setdefault(person, []).extend([] if np.isnan(value) else [value])
    return np.array([np.mean(own) if own else np.nan for own in scans.values()], np.float64)


def _at_least(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many of `values` reach each of `thresholds`: (T,) float64."""
    return (values.size - np.searchsorted(np.sort(values), thresholds, side="left")).astype(np.float64)
