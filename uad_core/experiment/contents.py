"""What a report is made of: plain values, so that it can be drawn without a model or a scan at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np

from uad_core.evaluate.metrics_file import Curves, Metrics


@dataclass(frozen=True, eq=False)
class SlicePanel:
    """One model's view of one axial slice, cropped to the brain; (H, W), radiological convention."""

    key: str  # the model's row; empty where no model is shown
    subject: str
    level: int
    note: str  # what stands above the picture
    scan: np.ndarray  # normalised intensity, [0, 1]
    truth: np.ndarray  # bool
    # filtered anomaly score within the eroded brain, 0 elsewhere; None where no model is shown
    values: np.ndarray | None = None
    mask: np.ndarray | None = None  # bool, at the healthy percentile; None where the row has no threshold
    black: float = 0.0  # the score that is shown black, `white` the one that is shown white
    white: float = 1.0


class SubtleRecord(TypedDict):
    """A lesion of normal intensity, as lesions.json has it; `rank` is the percentile of the patient's healthy brain."""

    subject: str
    level: int
    ml: float
    intensity: float
    rank: float
    found_by: NotRequired[str]  # keys of rows


@dataclass(frozen=True)
class SubtleLesions:
    """Lesions of one cohort whose intensity is normal."""

    total: int  # lesions of all patients at the levels searched
    # those within the normal range, one record each, largest first; `found_by` names models
    records: tuple[SubtleRecord, ...]
    panels: tuple[SlicePanel, ...]  # pictures of the largest of the first patients


@dataclass(frozen=True)
class Examples:
    """Slices of single patients."""

    typical: tuple[SlicePanel, ...] = ()  # of one patient, a panel a row
    # the same slice as each model that reconstructs would have it, in the place of the scan
    reconstructed: tuple[SlicePanel, ...] = ()
    worst: tuple[SlicePanel, ...] = ()  # a panel a row, of the patient that suits it least
    best_model: tuple[SlicePanel, ...] = ()  # of the row that leads: patients of its highest Dice, then of its lowest


@dataclass(frozen=True)
class CohortResults:
    """One cohort. `metrics` and `curves` are those of `uad_core.evaluate`."""

    metrics: Metrics
    curves: Curves
    examples: Examples
    lesions: SubtleLesions
    folder: str  # of its files, beside the report
    sentences: tuple[str, ...] = ()  # on what is special about it

    @property
    def name(self) -> str:
        return self.metrics["cohort"]

    @property
    def simulated(self) -> bool:
        return self.metrics["simulated"]


@dataclass(frozen=True, eq=False)
class ModelCard:
    """One checkpoint."""

    name: str
    model: str
    parameters: int
    learned: str  # in words
    latents: int | None  # numbers in the bottleneck, None where there is none
    latent: str
    sha256: str
    record: Mapping[str, Any]  # its JSON, less the calibration
    samples: np.ndarray | None = None  # (N, 256, 256) slices from its prior, None where it has none


@dataclass(frozen=True, eq=False)
class Realism:
    """Simulated slices held against real ones, at one level."""

    level: int  # of the atlas
    slices: Mapping[str, np.ndarray]  # cohort -> (N, H, W), a few to show
    centres: np.ndarray  # (B,) normalised intensity
    densities: Mapping[str, np.ndarray]  # cohort -> (B,) share of brain voxels a unit of intensity
    frequencies: np.ndarray  # (F,) cycles per mm
    spectra: Mapping[str, np.ndarray]  # cohort -> (3, F) 10th, 50th and 90th percentile over slices of the radial power
    simulated: tuple[str, ...]  # names of the simulated cohorts
    counts: Mapping[str, int]  # cohort -> slices measured
    distances: tuple[dict[str, str], ...]  # one a pair of cohorts


@dataclass(frozen=True)
class Contents:
    """All of a report. `missing` are sentences on what could not be shown; `repeat` is what a rerun needs."""

    cohorts: Sequence[CohortResults]
    cards: Sequence[ModelCard]
    realism: Realism | None
    missing: Sequence[str]
    repeat: Mapping[str, Any]
    quick: bool = False
