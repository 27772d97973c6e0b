"""What stands in metrics.json and curves.json, read for a page: who loses to model 0, and where a threshold lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

from uad_core.evaluate.summary import BASELINE

FEW = 10  # patients below whom an interval says little

Place = Literal["below", "above", "level"]


@dataclass(frozen=True)
class BaselineComparison:
    """A row against model 0, patient by patient.

    Attributes:
        figure: "auprc" or "dice".
        mean: of the paired differences, the row less model 0.
        low, high: 95 % interval of that mean.
        patients: that have both figures.
    """

    figure: str
    mean: float
    low: float
    high: float
    patients: int

    @property
    def place(self) -> Place:
        """Level means not told apart: the interval holds 0."""
        return "below" if self.high < 0 else "above" if self.low > 0 else "level"

    @property
    def words(self) -> str:
        """Difference and interval, such as "-0.394 (-0.490 to -0.301)" with true minus signs."""
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})".replace("-", "\N{MINUS SIGN}")


def against_model_0(model: Mapping[str, Any], figure: str = "auprc") -> BaselineComparison | None:
    """One row of `metrics["models"]` against model 0.

    Returns:
        None for model 0 itself, without it, and without an interval, for which two patients are needed.
    """
    found = (model.get("difference_to_intensity") or {}).get(figure)
    if not found or found["mean"] is None or None in found["ci"]:
        return None
    low, high = found["ci"]
    return BaselineComparison(figure, found["mean"], low, high, found["patients"])


def baselines(metrics: Mapping[str, Any]) -> dict[str, str | None]:
    """For every row the row of model 0 that it is held against: with the same sign of residual, if there is one."""
    rows = metrics["models"]
    zero = [key for key, model in rows.items() if model["model"] == BASELINE]
    alike = {rows[key]["signed"]: key for key in zero}
    return {key: alike.get(model["signed"], zero[0] if zero else None) for key, model in rows.items()}


def operating_point(curves: Mapping[str, Any], threshold: float | None) -> tuple[float, float] | None:
    """Recall and precision of all voxels at `threshold`, read off the drawn curve; small components are left in.

    Args:
        curves: a row of `curves["models"]`, thresholds descending.

    Returns:
        None without a threshold, or where it lies above every score that was drawn.
    """
    if threshold is None:
        return None
    above = [index for index, value in enumerate(curves["threshold"]) if value > threshold]
    return (curves["recall"][above[-1]], curves["precision"][above[-1]]) if above else None


def visible(normal: Sequence[int], anomalous: Sequence[int], threshold: float | None, share: float = 0.9995) -> float:
    """Where to end the axis of a histogram over [0, 1]: `share` of all voxels, and the threshold, lie below it."""
    counts = [a + b for a, b in zip(normal, anomalous, strict=True)]
    enough = share * sum(counts)
    last = next(index for index, seen in enumerate(accumulate(counts)) if seen >= enough)
    return min(max((last + 2) / len(counts), 1.15 * (threshold or 0)), 1.0)


def by_patient(metrics: Mapping[str, Any], subject: str) -> dict[str, dict[str, Any]]:
    """A subject's record of each row: key -> record."""
    return {record["model"]: record for record in metrics["per_patient"] if record["subject"] == subject}
