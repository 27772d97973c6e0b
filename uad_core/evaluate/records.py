"""What can be read off metrics.json and curves.json: who loses to model 0, and where a threshold lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from uad_core.evaluate.metrics_file import BASELINE, CurveRow, Figure, Metrics, ModelRow, PatientFigure, PatientRow
from uad_core.pipeline.postprocess import Sign

FEW = 10  # patients below whom an interval says little


@dataclass(frozen=True)
class BaselineComparison:
    """A row against model 0, patient by patient: mean of the paired differences and its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> Literal["below", "above", "level"]:
        """Level means no difference shown: the interval holds 0."""
        return "below" if self.high < 0 else "above" if self.low > 0 else "level"

    @property
    def words(self) -> str:
        """Difference and interval, such as "-0.394 (-0.490 to -0.301)" with true minus signs."""
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})".replace("-", "\N{MINUS SIGN}")


def against_model_0(row: ModelRow, figure: str = "auprc") -> BaselineComparison | None:
    """One row against model 0; None for model 0 itself, without it, and without an interval (two patients at least)."""
    found = row.differences.get(figure, Figure())
    if found.mean is None or found.low is None or found.high is None:
        return None
    return BaselineComparison(found.mean, found.low, found.high)


def baselines(rows: Sequence[tuple[str, str, Sign | None]]) -> dict[str, str | None]:
    """For each row, (key, model, sign), the row of model 0 to hold it against: of the same sign, if there is one."""
    zero = {signed: key for key, model, signed in reversed(rows) if model == BASELINE}
    first = next((key for key, model, _ in rows if model == BASELINE), None)
    return {key: zero.get(signed, first) for key, _, signed in rows}


def operating_point(curve: CurveRow, threshold: float | None) -> tuple[float, float] | None:
    """Recall and precision of all voxels at `threshold`, off the drawn curve; None where it lies above every score."""
    if threshold is None:
        return None
    above = [index for index, value in enumerate(curve["threshold"]) if value > threshold]
    return (curve["recall"][above[-1]], curve["precision"][above[-1]]) if above else None


def visible(normal: Sequence[int], anomalous: Sequence[int], threshold: float | None, share: float = 0.9995) -> float:
    """Where to end the axis of a histogram over [0, 1]: `share` of all voxels, and the threshold, lie below it."""
    counts = [a + b for a, b in zip(normal, anomalous, strict=True)]
    enough = share * sum(counts)
    last = next(index for index, seen in enumerate(accumulate(counts)) if seen >= enough)
    return min(max((last + 2) / len(counts), 1.15 * (threshold or 0)), 1.0)


def subjects(metrics: Metrics) -> list[str]:
    """Names of all that were scored, in the cohort's order."""
    return list(dict.fromkeys(row["subject"] for row in metrics["per_patient"]))


def by_patient(metrics: Metrics, subject: str) -> dict[str, PatientRow]:
    """A subject's figures by the key of the row."""
    return {row["model"]: row for row in metrics["per_patient"] if row["subject"] == subject}


def by_row(metrics: Metrics, key: str, figure: PatientFigure = "auprc") -> dict[str, float]:
    """A row's figure by subject, of those that have it."""
    rows = (row for row in metrics["per_patient"] if row["model"] == key)
    return {row["subject"]: value for row in rows if (value := row[figure]) is not None}
