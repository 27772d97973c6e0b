"""One subject, one model: from an anomaly map to figures."""

from dataclasses import dataclass

import numpy as np

from uad_core.evaluate.cases import Case
from uad_core.evaluate.metrics import curve, dice, false_positive_ml, lesion_scores
from uad_core.evaluate.rows import Row
from uad_core.pipeline.postprocess import mask_above

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
    mask: np.ndarray | None  # (N,) bool, of the same voxels: flagged at the working threshold; None without one


def score(
    case: Case, row: Row, values: np.ndarray, min_lesion_mm3: float, seen: str = "", seconds_per_slice: float = NAN
) -> Score:
    """Score a filtered anomaly map.

    Args:
        row: the row of the table that the figures go to; its first threshold is the working one.
        values: (D, 256, 256) float32.
        seen: what the model knew of this subject: "", "trained", "calibrated" or "anatomy".
        seconds_per_slice: what the reconstruction took.
    """
    inside, truth, healthy = case.inside, case.truth, case.subject.is_healthy
    masks = [mask_above(values, inside, threshold, min_lesion_mm3) for threshold in row.thresholds or ()]
    has_truth = bool(truth.any())
    scores = values[inside]
    operating = curve(scores, case.truth_inside)
    met = lesion_scores(masks[0], truth) if masks and has_truth else None
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
        lesion_recall=met.recall if met else NAN,
        lesion_precision=met.precision if met else NAN,
        lesion_f1=met.f1 if met else NAN,
        lesions=met.true if met else 0,
        lesions_found=met.found if met else 0,
        regions=met.flagged if met else 0,
        truth_ml=np.count_nonzero(truth) * ml,
        flagged_ml=np.count_nonzero(masks[0]) * ml if masks else NAN,
        false_positive_ml=false_positive_ml(masks[0], truth, case.voxel_mm3) if masks else NAN,
        searched_ml=np.count_nonzero(inside) * ml,
        seconds_per_slice=seconds_per_slice,
        dice_at=tuple(dices[1:]),
        missed=case.missed,
        values=scores if has_truth else None,
        truth=case.truth_inside if has_truth else None,
        mask=masks[0][inside] if masks and has_truth else None,
    )
