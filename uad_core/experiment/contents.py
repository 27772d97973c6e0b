"""What a report is made of: plain values, so that it can be drawn without a model or a scan at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np

from uad_core.evaluate.metrics_file import Curves, Metrics


@dataclass(frozen=True, eq=False)
class SlicePanel:
    """One model's view of one axial slice, cropped to the brain; (H, W), radiological convention.

    Attributes:
        key: the model's row; empty where no model is shown.
        note: what stands above the picture.
        scan: normalised intensity, [0, 1].
        truth: bool.
        values: filtered anomaly score within the eroded brain, 0 elsewhere; None where no model is shown.
        mask: bool, at the healthy percentile; None where the row has no threshold.
        black: the score that is shown black, `white` the one that is shown white.
    """

    key: str
    subject: str
    level: int
    note: str
    scan: np.ndarray
    truth: np.ndarray
    values: np.ndarray | None = None
    mask: np.ndarray | None = None
    black: float = 0.0
    white: float = 1.0


class SubtleRecord(TypedDict):
    """A lesion of normal intensity, as lesions.json has it; `rank` is the percentile of the patient's healthy brain."""

    subject: str
    level: int
    ml: float
    intensity: float
    rank: float
    found_by: NotRequired[str]  # keys of rows


class Distance(TypedDict):
    """How far two sets of slices are apart, as text: earth mover's distance of intensities, and decibels."""

    pair: str
    intensity: str
    db: str


@dataclass(frozen=True)
class SubtleLesions:
    """Lesions of one cohort whose intensity is normal.

    Attributes:
        total: lesions of all patients at the levels searched.
        records: those within the normal range, one record each, largest first; `found_by` names models.
        panels: pictures of the largest of the first patients.
    """

    total: int
    records: tuple[SubtleRecord, ...]
    panels: tuple[SlicePanel, ...]


@dataclass(frozen=True)
class Examples:
    """Slices of single patients.

    Attributes:
        typical: of one patient, a panel a row.
        reconstructed: the same slice as each model that reconstructs would have it, in the place of the scan.
        worst: a panel a row, of the patient that suits it least.
    """

    typical: tuple[SlicePanel, ...] = ()
    reconstructed: tuple[SlicePanel, ...] = ()
    worst: tuple[SlicePanel, ...] = ()


@dataclass(frozen=True)
class CohortResults:
    """One cohort. `metrics` and `curves` are those of `uad_core.evaluate`.

    Attributes:
        folder: of its files, beside the report.
        sentences: on what is special about it.
    """

    metrics: Metrics
    curves: Curves
    examples: Examples
    lesions: SubtleLesions
    folder: str
    sentences: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.metrics["cohort"]

    @property
    def simulated(self) -> bool:
        return self.metrics["simulated"]


@dataclass(frozen=True, eq=False)
class ModelCard:
    """One checkpoint.

    Attributes:
        learned: in words.
        latents: numbers in the bottleneck, None where there is none.
        record: its JSON, less the calibration.
        samples: (N, 256, 256) slices from its prior, None where it has none.
    """

    name: str
    model: str
    parameters: int
    learned: str
    latents: int | None
    latent: str
    sha256: str
    record: Mapping[str, Any]
    samples: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Realism:
    """Simulated slices held against real ones, at one level.

    Attributes:
        level: of the atlas.
        slices: cohort -> (N, H, W), a few to show.
        centres: (B,) normalised intensity.
        densities: cohort -> (B,) share of brain voxels a unit of intensity.
        frequencies: (F,) cycles per mm.
        spectra: cohort -> (3, F) 10th, 50th and 90th percentile over slices of the radial power.
        simulated: names of the simulated cohorts.
        counts: cohort -> slices measured.
        distances: one a pair of cohorts.
    """

    level: int
    slices: Mapping[str, np.ndarray]
    centres: np.ndarray
    densities: Mapping[str, np.ndarray]
    frequencies: np.ndarray
    spectra: Mapping[str, np.ndarray]
    simulated: tuple[str, ...]
    counts: Mapping[str, int]
    distances: tuple[Distance, ...]


@dataclass(frozen=True)
class Contents:
    """All of a report. `missing` are sentences on what could not be shown; `repeat` is what a rerun needs."""

    cohorts: Sequence[CohortResults]
    cards: Sequence[ModelCard]
    realism: Realism | None
    missing: Sequence[str]
    repeat: Mapping[str, Any]
    quick: bool = False
