"""One subject as the models see it, with its truth on the same grid; and one model's anomaly map of it as figures."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.cohorts.load import load_subject
from uad_core.evaluate.metrics import (
    Detections,
    LesionScores,
    curve,
    detections,
    dice,
    false_positive_ml,
    lesion_scores,
)
from uad_core.evaluate.rows import Row
from uad_core.io.marks import Marks, lesion_marks
from uad_core.io.nifti import read_lesions, read_nifti
from uad_core.io.picture import read_drawing
from uad_core.io.volume import ScanError
from uad_core.pipeline.lesions import volume_scale
from uad_core.pipeline.postprocess import erode, mask_above
from uad_core.preprocess import Prepared

MOST_LESION = 0.6  # of the brain at these levels


@dataclass(frozen=True, eq=False)
class Case:
    """One subject, ready to be scored."""

    subject: Subject
    prepared: Prepared
    inside: np.ndarray  # (D, 256, 256) bool, eroded brain at the levels that all models know: what can be flagged
    truth: np.ndarray  # (D, 256, 256) bool, lesions at these levels, beyond `inside` too: those are missed
    voxel_mm3: float  # the patient's mm3 per voxel of the slab
    notes: tuple[str, ...] = ()  # sentences on what the labels of the truth were taken for

    @cached_property
    def truth_inside(self) -> np.ndarray:
        """(N,) bool, the truth of the voxels `inside`."""
        return self.truth[self.inside]

    @cached_property
    def missed(self) -> int:
        """True voxels that lie where nothing can be flagged."""
        return int(np.count_nonzero(self.truth & ~self.inside))

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """(D, 256, 256) of the (N,) values of the voxels `inside`; 0 elsewhere."""
        whole = np.zeros(self.inside.shape, values.dtype)
        whole[self.inside] = values
        return whole


def load_case(subject: Subject, slab: Slab, known: set[int], erosion_mm: float) -> Case:
    """Prepare a subject's scan and bring its truth along, through the same transform.

    `known`: levels that all models were trained on. Raises ScanError: the scan or the mask cannot be used, or no level
    of it is known.
    """
    prepared = load_subject(subject, slab)
    levels = np.array([level in known for level in prepared.slab.levels])
    if not levels.any():
        raise ScanError("levels", "The models were not trained on any of this scan's axial levels.")
    inside = erode(prepared.brain_mask & levels[:, None, None], erosion_mm)
    truth, notes = np.zeros(prepared.array.shape, bool), tuple[str, ...]()
    if subject.lesion:
        marks = _truth(subject, prepared)
        truth, inside = marks.inside & levels[:, None, None], inside & ~marks.ignored
        if np.count_nonzero(truth & prepared.brain_mask) > MOST_LESION * np.count_nonzero(prepared.brain_mask):
            raise ScanError("not_a_mask", "The lesion mask marks most of the brain. Give the mask of the lesions.")
        notes = marks.notes
    if not inside.any():
        raise ScanError("levels", "The scan shows no brain at the axial levels that the models were trained on.")
    return Case(subject, prepared, inside, truth, volume_scale(prepared), notes)


def _truth(subject: Subject, prepared: Prepared) -> Marks:
    """What is lesion in a patient, and what is neither: (D, 256, 256) bool each."""
    assert subject.lesion is not None
    if subject.lesion.suffix.lower() != ".png":
        whole = read_nifti(subject.flair) if subject.prepared else prepared.scan  # which was cut to the slab
        found, prepared = read_lesions(subject.lesion, whole, not subject.prepared), replace(prepared, scan=whole)
    else:
        picture = read_drawing(subject.lesion)[None]
        if picture.shape != prepared.scan.shape:
            raise ScanError("grid_mismatch", "The lesion mask and the slice have different numbers of pixels.")
        found = lesion_marks(picture)
    return Marks(prepared.to_slab(found.inside), prepared.to_slab(found.ignored), found.notes)


def chosen(cohort: Cohort, limit: int | None) -> tuple[Subject, ...]:
    """The first `limit` patients and the first `limit` healthy subjects, in the cohort's order."""
    patients = [subject for subject in cohort.subjects if not subject.is_healthy][:limit]
    kept = {subject.name for subject in (*patients, *cohort.healthy.subjects[:limit])}
    return tuple(subject for subject in cohort.subjects if subject.name in kept)


NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Score:
    """Figures of one subject and one model; NaN where a figure does not exist.

    Healthy subjects, and patients without a lesion at the levels searched, have none that needs a truth. Plain
    intensity has no healthy residuals, so none that needs a threshold.
    """

    subject: str
    row: str
    healthy: bool
    seen: str
    threshold: float
    # at the healthy-percentile threshold, after small components were removed; truth beyond the eroded brain counts as
    # missed
    dice: float
    auprc: float  # of the filtered score within the eroded brain
    best_dice: float  # over all thresholds on the filtered score, small components left in: a best case
    lesion_recall: float
    lesion_precision: float
    lesion_f1: float
    lesions: int
    lesions_found: int
    regions: int
    truth_ml: float
    flagged_ml: float
    false_positive_ml: float
    searched_ml: float
    seconds_per_slice: float
    dice_at: tuple[float, ...]  # as `dice`, at each percentile asked for
    missed: int  # true voxels beyond the eroded brain
    # (N,) float32, filtered scores within the eroded brain, for pooling; of patients with a lesion only
    values: np.ndarray | None
    truth: np.ndarray | None  # (N,) bool, of the same voxels
    detections: Detections | None  # lesions found over thresholds; of patients with a lesion only
    mask: np.ndarray | None  # (N,) bool, of the same voxels: flagged at the working threshold; None without one


def score(
    case: Case, row: Row, values: np.ndarray, min_lesion_mm3: float, seen: str = "", seconds_per_slice: float = NAN
) -> Score:
    """Score a filtered (D, 256, 256) float32 anomaly map for a row, whose first threshold is the working one.

    `seen`: what the model knew of this subject: "", "trained", "calibrated" or "anatomy".
    """
    inside, truth, healthy = case.inside, case.truth, case.subject.is_healthy
    masks = [mask_above(values, inside, threshold, min_lesion_mm3) for threshold in row.thresholds or ()]
    has_truth = bool(truth.any())
    scores = values[inside]
    operating = curve(scores, case.truth_inside)
    met = lesion_scores(masks[0], truth) if masks and has_truth else LesionScores(0, 0, 0, 0)
    dices = [dice(mask, truth) if has_truth else NAN for mask in masks] or [NAN]
    ml = case.voxel_mm3 / 1000
    return Score(
        subject=case.subject.name,
        row=row.key,
        healthy=healthy,
        seen=seen,
        threshold=row.thresholds[0] if row.thresholds else NAN,
        dice=dices[0],
        auprc=operating.average_precision,
        best_dice=operating.best_dice(case.missed)[0],
        lesion_recall=met.recall,
        lesion_precision=met.precision,
        lesion_f1=met.f1,
        lesions=met.true,
        lesions_found=met.found,
        regions=met.flagged,
        truth_ml=np.count_nonzero(truth) * ml,
        flagged_ml=np.count_nonzero(masks[0]) * ml if masks else NAN,
        false_positive_ml=false_positive_ml(masks[0], truth, case.voxel_mm3) if masks else NAN,
        searched_ml=np.count_nonzero(inside) * ml,
        seconds_per_slice=seconds_per_slice,
        dice_at=tuple(dices[1:]),
        missed=case.missed,
        values=scores if has_truth else None,
        truth=case.truth_inside if has_truth else None,
        detections=detections(values, inside, truth, row.grid, (min_lesion_mm3, case.voxel_mm3)) if has_truth else None,
        mask=masks[0][inside] if masks and has_truth else None,
    )
