"""What stands in metrics.json and curves.json, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NotRequired, TypedDict, get_args

from uad_core.models.calibration import SLICE_ML
from uad_core.pipeline.postprocess import Sign

BASELINE = "intensity"  # model 0, against which the differences are

PatientFigure = Literal[
    "dice", "auprc", "lesion_recall", "lesion_precision", "lesion_f1", "flagged_ml", "false_positive_ml", "best_dice"
]
FIGURES: tuple[PatientFigure, ...] = get_args(PatientFigure)


class PatientRow(TypedDict):
    """One subject in one row of the table; None where a figure does not exist."""

    subject: str
    model: str  # key of the row
    signed: Sign | None
    healthy: bool
    seen: str
    threshold: float | None
    dice: float | None
    auprc: float | None
    best_dice: float | None
    lesion_recall: float | None
    lesion_precision: float | None
    lesion_f1: float | None
    lesions: int
    lesions_found: int
    regions: int
    truth_ml: float
    flagged_ml: float | None
    false_positive_ml: float | None
    searched_ml: float
    seconds_per_slice: float | None
    missed: int
    dice_at: dict[str, float | None]


class CurveRow(TypedDict):
    """Curve and histograms of one row; thresholds descend, counts are over equal steps of [0, 1]."""

    recall: list[float]
    precision: list[float]
    threshold: list[float]
    normal: list[int]
    anomalous: list[int]


class Curves(TypedDict):
    """curves.json."""

    cohort: str
    models: dict[str, CurveRow]


class Metrics(TypedDict):
    """metrics.json. `models` are read with `model_rows`."""

    cohort: str
    simulated: bool
    patients: int
    patients_without_lesion_at_these_levels: int
    brains: int
    healthy: int
    healthy_trained_on: int
    refused: dict[str, str]
    levels: list[int]
    auprc_chance: float | None
    config: dict[str, Any]
    notes: dict[str, str]
    models: dict[str, dict[str, Any]]
    per_patient: list[PatientRow]
    use: NotRequired[str]
    command: NotRequired[str]
    versions: NotRequired[dict[str, str]]


@dataclass(frozen=True)
class Figure:
    """A mean over patients with its 95 % interval and standard deviation; None where there is none."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None
    std: float | None = None


@dataclass(frozen=True)
class ModelRow:
    """One row of the table. Attributes are as in metrics.json, but that every mean is a `Figure.mean`."""

    key: str
    model: str
    signed: Sign | None
    percentile: float | None
    threshold: float | None
    reference: str | None
    auprc_pooled: Figure
    auprc: Figure
    dice: Figure
    lesion_recall: Figure
    lesion_precision: Figure
    lesion_f1: Figure
    flagged_ml: Figure
    false_positive_ml: Figure
    false_positive_subjects: int
    best_dice: Figure
    best_dice_pooled: float | None
    dice_by_percentile: Mapping[str, float | None]
    seconds_per_slice: float | None
    seen: Mapping[str, int]  # how many subjects were trained on, calibrated on, or are of a brain that was
    differences: Mapping[str, Figure]  # to model 0, patient by patient; empty for model 0 itself and without it
    learned: bool | None = None  # better than the median training slice; None where that cannot be said
    sha256: str | None = None  # of the weights
    identity: str | None = None  # of the checkpoint; not in files from before there was one
    reference_simulated: bool = False
    reference_scans: int = 0
    reference_ml: float = 0.0
    # false regions a scan -> share found of small, medium and large lesions; empty in files from before it was counted
    recall_by_size: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    @property
    def of_slices(self) -> bool:
        """Whether the healthy scans behind the threshold were single slices; as `Reference.of_slices`."""
        return self.reference_ml < SLICE_ML * self.reference_scans

    @classmethod
    def from_json(cls, key: str, record: Mapping[str, Any]) -> "ModelRow":
        """The row `key` of metrics.json, where some means end in `_mean` and others do not."""
        values: dict[str, Any] = {entry.name: record[entry.name] for entry in fields(cls) if entry.name in record}
        for name in (entry.name for entry in fields(cls) if entry.type is Figure):
            mean = record[f"{name}_mean"] if f"{name}_mean" in record else record[name]
            low, high = record[f"{name}_ci"]
            values[name] = Figure(mean, low, high, record.get(f"{name}_std"))
        differences = record["difference_to_intensity"] or {}
        values["differences"] = {name: Figure(one["mean"], *one["ci"]) for name, one in differences.items()}
        return cls(key, **values | {"dice_by_percentile": record["dice_by_percentile"] or {}})

    @property
    def reference_kind(self) -> str:
        """Of the healthy scans behind the threshold."""
        return "simulated" if self.reference_simulated else "real"


def model_rows(metrics: Metrics) -> list[ModelRow]:
    """The rows of the table, in their order."""
    return [ModelRow.from_json(key, record) for key, record in metrics["models"].items()]
