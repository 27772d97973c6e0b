"""Metrics of masks and scores. Degenerate cases are NaN; `best_...`: the threshold was chosen on the ground truth."""

from uad_core.evaluate.metrics.detections import Detections, detections, recall_by_size
from uad_core.evaluate.metrics.intervals import Interval, mean_with_interval, paired_difference, pooled_interval
from uad_core.evaluate.metrics.masks import LesionScores, dice, false_positive_ml, lesion_scores
from uad_core.evaluate.metrics.ranking import Curve, curve

__all__ = ["Curve", "Detections", "Interval", "LesionScores", "curve", "detections", "dice", "false_positive_ml",
           "lesion_scores", "mean_with_interval", "paired_difference", "pooled_interval",
           "recall_by_size"]  # fmt: skip
