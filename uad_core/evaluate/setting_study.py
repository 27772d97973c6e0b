"""Which model, which setting? Three to ten scans with reference masks, every percentile and median of several models.

The best setting of so few scans is partly luck. So it is also picked on all scans but one and tried on that one, each
scan in turn: what that gives is what may be hoped for on the next scan, and it stands beside the best case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from uad_core.cohorts.cohort import Cohort
from uad_core.evaluate.metrics import dice, false_positive_ml, lesion_scores
from uad_core.evaluate.score_case import Case, load_case
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.lesions import volume_scale
from uad_core.pipeline.postprocess import MEDIAN_SIZES, PostprocessConfig, remove_small, segment_residual
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig

LEAST, MOST = 3, 10  # scans
PERCENTILES = (90.0, 93.0, 95.0, 97.0, 98.0, 98.5, 99.0, 99.3, 99.6, 99.8, 99.9, 99.95, 99.99)
Setting = tuple[str, float, int]  # a checkpoint's name, percentile, median
OnScan = Callable[[str, float], None]


@dataclass(frozen=True)
class SettingFigures:
    """Of one setting on each of the scans, in their order."""

    setting: Setting
    dice: tuple[float, ...]
    recall: tuple[float, ...]  # share of the lesions found
    false_ml: tuple[float, ...]  # flagged that is no lesion


@dataclass(frozen=True)
class SettingStudy:
    """All settings on all scans; `refused` are sentences on scans that could not be used."""

    figures: tuple[SettingFigures, ...]
    scans: int
    refused: tuple[str, ...]
    simulated: bool = False  # whether the scans are

    @property
    def best(self) -> SettingFigures:
        """The highest mean Dice on all scans: a best case."""
        return self.figures[_best_of(self._dice)]

    @property
    def left_out_dice(self) -> float:
        """Mean Dice of each scan at the setting that was best on the others."""
        table = self._dice
        picked = [_best_of(np.delete(table, scan, axis=1)) for scan in range(self.scans)]
        return float(np.mean([table[setting, scan] for scan, setting in enumerate(picked)]))

    @property
    def sentence(self) -> str:
        """What is proposed, and how far to trust it."""
        model, percentile, median = self.best.setting
        recall, false_ml = np.mean(self.best.recall), np.mean(self.best.false_ml)
        return (
            f"Proposed: {model}, percentile {percentile:g}, median {median}: mean Dice {np.mean(self.best.dice):.2f}, "
            f"{100 * recall:.0f} % of the lesions found, {false_ml:.1f} ml a scan flagged that is none. It rests on "
            f"{self.scans} scans; picked on all but one and tried on that one, the mean Dice is "
            f"{self.left_out_dice:.2f}: expect that, not more."
        )

    @property
    def _dice(self) -> np.ndarray:
        """(settings, scans)"""
        return np.array([one.dice for one in self.figures])


def study_settings(
    cohort: Cohort, checkpoints: Sequence[Checkpoint], on_progress: OnScan = lambda step, share: None
) -> SettingStudy:
    """Every setting on the cohort's patients, the first `MOST` of them.

    All models look at the levels that each of them knows, in the prepared scan of the first. Raises ScanError: fewer
    than `LEAST` patients can be used, or the models have no level in common.
    """
    patients = [subject for subject in cohort.subjects if not subject.is_healthy][:MOST]
    known = set.intersection(*(set(checkpoint.slab.levels) for checkpoint in checkpoints))
    if not known:
        raise ScanError("levels", "These models have no axial level in common. Choose models of the same levels.")
    slab = max((checkpoint.slab for checkpoint in checkpoints), key=lambda one: one.count)
    columns: list[list[tuple[float, float, float]]] = []
    refused: list[str] = []
    for number, subject in enumerate(patients):
        on_progress(f"scan {number + 1} of {len(patients)}", number / len(patients))
        try:
            case = load_case(subject, slab, known, PostprocessConfig.erosion_mm)
            if not case.truth.any():
                raise ScanError("no_lesion", "Its mask marks no lesion at the axial levels that the models know.")
            column = []
            for checkpoint in checkpoints:
                column += scan_figures(reconstruct(case.prepared, checkpoint), case, known)
        except ScanError as error:
            refused.append(f"Scan {number + 1} was left out: {error}")
        else:
            columns.append(column)
    if len(columns) < LEAST:
        few = f"{len(columns)} scans with a reference mask can be used, and {LEAST} are needed at least."
        raise ScanError("few_scans", " ".join([few, *refused]))
    settings = [
        (checkpoint.name, percentile, median)
        for checkpoint in checkpoints
        for median in MEDIAN_SIZES
        for percentile in PERCENTILES
    ]
    rows = [SettingFigures(setting, *zip(*figures, strict=True))
            for setting, figures in zip(settings, zip(*columns, strict=True), strict=True)]  # fmt: skip
    return SettingStudy(tuple(rows), len(columns), tuple(refused), cohort.simulated)


def scan_figures(made: Reconstruction, case: Case, known: set[int]) -> list[tuple[float, float, float]]:
    """Dice, recall and false ml of one model on one scan: a median's percentiles together.

    `known`: the levels to look at. What the reference mask calls neither lesion nor healthy is not scored.
    """
    searched, truth = made.searched & _levels(case.prepared.slab.levels, known), case.truth
    signed, calibration = made.checkpoint.spec.signed, made.checkpoint.calibration
    values, voxel_mm3 = made.weighted(signed, "everywhere"), volume_scale(made.prepared)
    found = []
    for median in MEDIAN_SIZES:
        post = PostprocessConfig(signed, median, min_lesion_mm3=0)
        healthy = calibration.histogram(signed, median)
        for percentile in PERCENTILES:
            mask = segment_residual(values, searched, healthy.threshold(percentile), post)
            mask = remove_small(mask & case.inside, PostprocessConfig.min_lesion_mm3)
            figures = dice(mask, truth), lesion_scores(mask, truth).recall, false_positive_ml(mask, truth, voxel_mm3)
            found.append(figures)
    return found


def config_of(figures: SettingFigures, checkpoint: Checkpoint) -> DetectConfig:
    """The setting as a detection takes it."""
    _, percentile, median = figures.setting
    return DetectConfig(percentile, postprocess=PostprocessConfig(checkpoint.spec.signed, median))


def study_means(study: SettingStudy) -> dict[str, dict[Setting, float]]:
    """The mean over the scans of each figure, by its name in `SettingFigures`, and setting."""
    return {name: {one.setting: float(np.mean(getattr(one, name))) for one in study.figures}
            for name in ("dice", "recall", "false_ml")}  # fmt: skip


def study_table(study: SettingStudy) -> str:
    """Tab-separated: a row a setting, means over the scans, the best first."""
    lines = ["model\tpercentile\tmedian\tmean_dice\tmean_recall\tmean_false_ml\tscans"]
    for one in sorted(study.figures, key=lambda one: -np.mean(one.dice)):
        means = (f"{np.mean(part):.4f}" for part in (one.dice, one.recall, one.false_ml))
        lines.append("\t".join([one.setting[0], f"{one.setting[1]:g}", str(one.setting[2]), *means, str(study.scans)]))
    return "\n".join(lines) + "\n"


def _best_of(table: np.ndarray) -> int:
    """Row of (settings, scans) Dice with the highest mean."""
    return int(table.mean(axis=1).argmax())


def _levels(levels: range, known: set[int]) -> np.ndarray:
    return np.array([level in known for level in levels])[:, None, None]
