"""The grey values of healthy scans: how far does another scan lie from what a model was trained on?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 100  # over [0, 1], of the grey values of a prepared scan


@dataclass(frozen=True, eq=False)
class GreyReference:
    """The grey values of a cohort's healthy scans, and how far one such scan lies from the others."""

    mean: np.ndarray  # (BINS,) float64, the mean over scans of the share of brain voxels in each bin; sums to 1
    distances: (
        np.ndarray
    )  # (N,) float64, rising: of each scan from the mean of the others; empty where there is but one
    levels: tuple[int, int]  # first and last axial level of the atlas that the scans show

    def __post_init__(self) -> None:
        if self.mean.shape != (BINS,) or not abs(self.mean.sum() - 1) < 1e-3 or self.distances.ndim != 1:
            raise ValueError(f"intensities need the shares of {BINS} bins, which sum to 1")

    @classmethod
    def of(cls, scans: Sequence[np.ndarray], levels: tuple[int, int]) -> "GreyReference":
        """From the shares of each scan, as `histogram_shares` gives them.

        The mean of the others is (N mean - own) / (N - 1): N / (N - 1) times as far off as the mean of all.
        """
        mean, count = np.stack(scans).mean(axis=0), len(scans)
        apart = [earth_movers_distance(scan, mean) * count / (count - 1) for scan in scans] if count > 1 else []
        return cls(np.round(mean, 6), np.round(np.array(sorted(apart)), 6), levels)

    def distance(self, shares: np.ndarray) -> float:
        """How far another scan's (BINS,) shares lie from the mean."""
        return earth_movers_distance(shares, self.mean)

    def nearer(self, distance: float) -> int:
        """How many of the healthy scans lie nearer than that."""
        return int(np.searchsorted(self.distances, distance))

    def to_json(self) -> dict[str, Any]:
        """Numbers in one line each, and to the last bit."""
        return {
            "mean": " ".join(map(repr, self.mean.tolist())),
            "distances": " ".join(map(repr, self.distances.tolist())),
            "levels": list(self.levels),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "GreyReference":
        mean, distances = (np.array(record[name].split(), float) for name in ("mean", "distances"))
        first, last = record["levels"]
        return cls(mean, distances, (first, last))


def histogram_shares(values: np.ndarray) -> np.ndarray:
    """(BINS,) float64: the share of normalised grey `values`, of any shape, in each bin of [0, 1]."""
    counts = np.histogram(values, BINS, (0, 1))[0]
    return counts / max(counts.sum(), 1)


def earth_movers_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Between two (BINS,) distributions: how far a voxel's value has to be moved on average, in normalised grey.

    As `scipy.stats.wasserstein_distance`, whose module takes a second to load: as long as all other checks of a scan.
    """
    return float(np.abs(np.cumsum(first / first.sum() - second / second.sum())).sum() / BINS)
