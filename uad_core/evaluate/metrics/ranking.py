"""How well scores rank the truth, over all thresholds at once; exact, nothing is binned."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Curve:
    """What every threshold of a score gives that matters, strictest first; exact, nothing is binned.

    Only thresholds at the score of some positive voxel are kept: between two of them a lower threshold adds false
    positives and nothing else, so no best figure and no step of the average precision lies there.
    """

    thresholds: np.ndarray  # (K,) descending; a voxel is flagged when its score is at least that
    hits: np.ndarray  # (K,) int64, positive voxels flagged
    false_alarms: np.ndarray  # (K,) int64, negative voxels flagged
    positives: int  # how many there are
    voxels: int  # how many there are, positive or negative

    @property
    def recall(self) -> np.ndarray:
        return self.hits / self.positives

    @property
    def precision(self) -> np.ndarray:
        return self.hits / (self.hits + self.false_alarms)

    @property
    def average_precision(self) -> float:
        """Area under the steps of precision over recall, as scikit-learn has it; NaN without positives."""
        if not self.positives:
            return float("nan")
        return float(np.sum(np.diff(self.recall, prepend=0) * self.precision))

    def best_dice(self, missed: int = 0) -> tuple[float, float]:
        """The highest Dice, a best case, and its threshold; NaN without positives, scored or `missed`."""
        if not self.positives:
            return (0.0, float("inf")) if missed else (float("nan"), float("nan"))
        scores = 2 * self.hits / (self.hits + self.false_alarms + self.positives + missed)
        best = int(np.argmax(scores))
        return float(scores[best]), float(self.thresholds[best])

    def thinned(self, points: int) -> "Curve":
        """At most `points` points, evenly spaced in recall, the ends kept: for drawing, not for figures."""
        if len(self.hits) <= points:
            return self
        wanted = np.linspace(self.hits[0], self.hits[-1], points)
        kept = np.unique(np.searchsorted(self.hits, wanted))
        return Curve(self.thresholds[kept], self.hits[kept], self.false_alarms[kept], self.positives, self.voxels)


def curve(values: np.ndarray, truth: np.ndarray) -> Curve:
    """All operating points of the scores `values` against bool `truth`, of one shape.

    Positives and negatives are sorted apart, and of the negatives only those that some positive does not exceed:
    sorting numbers takes a fraction of the time that sorting their places takes. Raises ValueError: shapes differ, or a
    score is not finite.
    """
    values, truth = np.asarray(values), np.asarray(truth, bool)
    if values.shape != truth.shape:
        raise ValueError(f"scores and truth must have one shape, got {values.shape} and {truth.shape}")
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise ValueError("scores must be finite")
    positive, negative = np.sort(values[truth]), values[~truth]
    if not positive.size:
        nothing = np.zeros(0, np.int64)
        return Curve(positive, nothing, nothing, 0, values.size)
    negative = np.sort(negative[negative >= positive[0]])
    first = np.flatnonzero(np.concatenate([[True], positive[1:] != positive[:-1]]))[::-1]  # of each run of ties
    thresholds = positive[first]
    false_alarms = negative.size - np.searchsorted(negative, thresholds, side="left")
    return Curve(thresholds, positive.size - first, false_alarms, positive.size, values.size)
