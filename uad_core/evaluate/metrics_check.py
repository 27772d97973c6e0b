"""Do metrics.json and curves.json hold what their readers take for granted? They may come from anywhere."""

from collections.abc import Mapping
from typing import Any

from uad_core.evaluate.metrics_file import FIGURES, ModelRow
from uad_core.io.schema import Entry, list_of, mapping, misfit, number, text, truth, whole

WORDS = Entry(lambda value: isinstance(value, str), "a text")
COUNT, FIGURE, NAME = whole(0, 10**9), number(-1e300, 1e300).or_null(), text(1000)
METRICS = {
    "cohort": NAME, "simulated": truth(), "patients": COUNT, "patients_without_lesion_at_these_levels": COUNT,
    "brains": COUNT, "healthy": COUNT, "healthy_trained_on": COUNT, "refused": mapping(),
    "levels": list_of(COUNT, 1000), "auprc_chance": FIGURE, "config": mapping(), "notes": mapping(),
    "models": mapping(), "per_patient": list_of(mapping(), 10**6),
}  # fmt: skip
CONFIG = {"percentile": number(0, 100), "percentiles": list_of(number(0, 100), 100), "median_size": COUNT,
          "resamples": COUNT, "seed": COUNT}  # fmt: skip
PATIENT = {"subject": NAME, "model": NAME, "healthy": truth(), "seen": WORDS,
           "lesions": COUNT, "truth_ml": number(0, 1e9), "dice_at": mapping(),
           **dict.fromkeys((*FIGURES, "threshold"), FIGURE)}  # fmt: skip
MODEL = {"model": NAME, "seen": mapping()}
CURVE = {key: list_of(number(-1e300, 1e300), 10_000) for key in ("recall", "precision", "threshold")} | {
    key: list_of(COUNT, 10_000) for key in ("normal", "anomalous")
}


def is_metrics(record: Mapping[str, Any]) -> bool:
    """Whether this is what an evaluation writes to metrics.json."""
    if misfit(record, METRICS) or misfit(record["config"], CONFIG) or not record["levels"]:
        return False
    if any(misfit(one, PATIENT) or one["model"] not in record["models"] for one in record["per_patient"]):
        return False
    try:
        rows = [ModelRow.from_json(key, one) for key, one in record["models"].items() if not misfit(one, MODEL)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return len(rows) == len(record["models"]) > 0 and all(map(_has_figures, rows))


def is_curves(record: Mapping[str, Any]) -> bool:
    """Whether this is what an evaluation writes to curves.json."""
    if misfit(record, {"cohort": NAME, "models": mapping()}):
        return False
    return all(isinstance(one, dict) and not misfit(one, CURVE) for one in record["models"].values())


def _has_figures(row: ModelRow) -> bool:
    """Whether what stands for a figure is one."""
    figures = [row.auprc, row.auprc_pooled, row.dice, row.best_dice, row.false_positive_ml, row.flagged_ml,
               row.lesion_recall, row.lesion_precision, row.lesion_f1, *row.differences.values()]  # fmt: skip
    values = [value for one in figures for value in (one.mean, one.low, one.high, one.std)]
    return all(map(FIGURE.fits, [*values, row.threshold, row.percentile, row.seconds_per_slice, row.best_dice_pooled]))
