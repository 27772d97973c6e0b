"""How well masks and scores fit the truth, and how sure one can be. Plain functions of arrays.

Degenerate cases are NaN, never 0 or 1 by convention. Metrics whose threshold was chosen on the ground truth are named
`best_...`.
"""

from uad_core.evaluate.metrics.intervals import Interval, mean_with_interval, paired_difference, pooled_interval
from uad_core.evaluate.metrics.masks import LesionScores, dice, false_positive_ml, lesion_scores
from uad_core.evaluate.metrics.ranking import Curve, curve

__all__ = ["Curve", "Interval", "LesionScores", "curve", "dice", "false_positive_ml", "lesion_scores",
           "mean_with_interval", "paired_difference", "pooled_interval"]  # fmt: skip
