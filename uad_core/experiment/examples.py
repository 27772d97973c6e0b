"""The slices that a report shows: a typical patient's, each model's worst one's, the leading model's best and worst."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from uad_core.evaluate.metrics_file import PatientFigure, PatientRow
from uad_core.evaluate.review import fullest
from uad_core.evaluate.rows import Row
from uad_core.evaluate.score_case import Case, Score
from uad_core.experiment.contents import Examples, SlicePanel
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.render.slices import crop_box

SHOWN = 3  # of the leading model's best patients, and of its worst
SEEN_ML = 0.5  # of lesion in a patient shown among them, at the levels searched


@dataclass(frozen=True, eq=False)
class _ExampleCase:
    """The slice of a patient that is shown, and where its voxels stand in the (N,) values of a score."""

    panel: SlicePanel  # scan and truth, cropped to the brain by `box`
    box: tuple[slice, slice]
    scan: np.ndarray  # (256, 256), not cropped; `brain` and `inside` are bool masks of it
    brain: np.ndarray
    inside: np.ndarray
    first: int  # of the voxels `inside` this slice, in the values of a score
    scores: Mapping[str, Score]  # by row key; their arrays are not copied

    def scored(self, key: str) -> SlicePanel:
        """The slice as a row has it; its Dice is the note."""
        score = self.scores[key]
        assert score.values is not None, "kept of patients with a lesion"
        black, white = np.percentile(score.values, (50, 99.9)).tolist()
        note = "" if isnan(score.dice) else f"D {score.dice:.2f}"
        mask = None if score.mask is None else self._cropped(score.mask)
        values = self._cropped(score.values)
        return replace(self.panel, key=key, note=note, values=values, mask=mask, black=black, white=white)

    def _cropped(self, values: np.ndarray) -> np.ndarray:
        picture = np.zeros(self.inside.shape, values.dtype)
        picture[self.inside] = values[self.first : self.first + np.count_nonzero(self.inside)]
        return picture[self.box]

    def reconstructed(self, checkpoint: Checkpoint) -> SlicePanel:
        """The slice as a model would have it, in the place of the scan."""
        picture = np.where(self.brain, reconstruct_slices(checkpoint.model, self.scan[None])[0], 0)
        return replace(self.panel, key=checkpoint.name, scan=picture[self.box])


class ExampleCollector:
    """Keeps one slice of every patient, since only all scores together say who is typical."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._cases: dict[str, _ExampleCase] = {}

    def on_case(self, case: Case, scores: Sequence[Score]) -> None:
        if not case.truth.any():
            return
        index = fullest(case)
        self._cases[case.subject.name] = _ExampleCase(
            panel=slice_panel(case, index),
            box=crop_box(case.prepared.brain_mask),
            scan=case.prepared.array[index].copy(),  # a view would keep the whole volume
            brain=case.prepared.brain_mask[index].copy(),
            inside=case.inside[index].copy(),
            first=int(np.count_nonzero(case.inside[:index])),
            scores={score.row: score for score in scores},
        )

    def examples(self, per_patient: Sequence[PatientRow]) -> Examples:
        """The typical patient in each row, the same slice reconstructed, and each row's worst patient."""
        poorest_of = {row.key: poorest(per_patient, row.key) for row in self._rows}
        worst = tuple(self._cases[name].scored(key) for key, name in poorest_of.items() if name)
        best = leader(per_patient)
        leading = tuple(self._cases[name].scored(best) for name in best_and_poorest(per_patient, best)) if best else ()
        if not (name := typical(per_patient)):
            return Examples(worst=worst, best_model=leading)
        case, checkpoints = self._cases[name], {row.name: row.checkpoint for row in self._rows if row.checkpoint}
        again = tuple(case.reconstructed(one) for one in checkpoints.values() if one.spec.reconstructs)
        return Examples(tuple(case.scored(row.key) for row in self._rows), again, worst, leading)


def slice_panel(case: Case, index: int, note: str = "", mask: np.ndarray | None = None) -> SlicePanel:
    """One slice of a case, cropped to the brain; `mask` is (D, 256, 256) bool."""
    box = (index, *crop_box(case.prepared.brain_mask))
    scan, truth = case.prepared.array[box].copy(), case.truth[box].copy()  # a view would keep the whole volume
    shown = None if mask is None else mask[box].copy()
    return SlicePanel("", case.subject.name, case.prepared.slab.levels[index], note, scan, truth, mask=shown)


def typical(per_patient: Sequence[PatientRow]) -> str | None:
    """The patient whose Dice (without any: AUPRC), averaged over rows, is the median one; the lower of two."""
    figure: PatientFigure = "dice" if any(row["dice"] is not None for row in per_patient) else "auprc"
    values: dict[str, list[float]] = {}
    for row in per_patient:
        if (value := row[figure]) is not None:
            values.setdefault(row["subject"], []).append(value)
    order = sorted(values, key=lambda name: (sum(values[name]) / len(values[name]), name))
    return order[(len(order) - 1) // 2] if order else None


def leader(per_patient: Sequence[PatientRow]) -> str | None:
    """The row with the highest mean AUPRC of those with a threshold."""
    values: dict[str, list[float]] = {}
    for row in per_patient:
        if row["dice"] is not None and (auprc := row["auprc"]) is not None:
            values.setdefault(row["model"], []).append(auprc)
    return max(values, key=lambda key: sum(values[key]) / len(values[key]), default=None)


def best_and_poorest(per_patient: Sequence[PatientRow], key: str) -> tuple[str, ...]:
    """A row's patients of highest Dice, then of lowest, `SHOWN` each, of those with a lesion that can be seen well."""
    rows = (row for row in per_patient if row["model"] == key and row["truth_ml"] >= SEEN_ML)
    found = [(dice, row["subject"]) for row in rows if (dice := row["dice"]) is not None]
    order = [name for _, name in sorted(found)]
    half = min(SHOWN, len(order) // 2)
    return (*order[: -half - 1 : -1], *order[:half]) if half else ()


def poorest(per_patient: Sequence[PatientRow], key: str) -> str | None:
    """The patient of a row's lowest Dice, or AUPRC; of equal ones the lowest AUPRC."""
    rows = (row for row in per_patient if row["model"] == key)
    found = [(row["dice"] or 0, auprc, row["subject"]) for row in rows if (auprc := row["auprc"]) is not None]
    return min(found)[2] if found else None
