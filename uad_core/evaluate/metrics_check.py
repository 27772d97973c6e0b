"""Do metrics.json and curves.json hold what their readers take for granted? They may come from anywhere."""

from collections.abc import Mapping
from typing import Any

from uad_core.evaluate.metrics_file import FIGURES, ModelRow
from uad_core.io.schema import Entry, list_of, mapping, misfit, number, one_of, text, truth, whole, words
from uad_core.pipeline.postprocess import LOOKS, SIGNS

COUNT, FIGURE, NAME = whole(0, 10**9), number(-1e300, 1e300).or_null(), text(1000)
ML, SIGN = number(0, 1e9), one_of(SIGNS).or_null()
BY_PERCENTILE = Entry(lambda value: mapping(FIGURE).fits(value) and all(map(_is_numeral, value)), "figures by number")
METRICS = {
    "cohort": NAME, "simulated": truth(), "patients": COUNT, "patients_without_lesion_at_these_levels": COUNT,
    "brains": COUNT, "healthy": COUNT, "healthy_trained_on": COUNT, "refused": mapping(words()),
    "levels": list_of(COUNT, 1000), "auprc_chance": FIGURE, "config": mapping(), "notes": mapping(),
    "models": mapping(), "per_patient": list_of(mapping(), 10**6),
}  # fmt: skip
CONFIG = {"percentile": number(0, 100).or_null(), "percentiles": list_of(number(0, 100), 100), "median_size": COUNT,
          "resamples": COUNT, "seed": COUNT}  # fmt: skip
SETTING = {
    "look": one_of(LOOKS),
    "false_discovery": number(0, 100).or_null(),
}  # not in older files
PATIENT = {"subject": NAME, "model": NAME, "healthy": truth(), "seen": words(),
           "signed": SIGN, "lesions": COUNT, "lesions_found": COUNT, "regions": COUNT, "missed": COUNT,
           "truth_ml": ML, "searched_ml": ML, "seconds_per_slice": FIGURE, "dice_at": mapping(FIGURE),
           **dict.fromkeys((*FIGURES, "threshold"), FIGURE)}  # fmt: skip
MODEL = {"model": NAME, "seen": mapping(COUNT), "signed": SIGN, "reference": NAME.or_null(),
         "dice_by_percentile": BY_PERCENTILE.or_null(), "false_positive_subjects": COUNT}  # fmt: skip
LATER = {"learned": truth().or_null(), "sha256": NAME.or_null(), "identity": NAME.or_null(), "reference_scans": COUNT,
         "reference_simulated": truth(), "reference_ml": ML, "recall_by_size": mapping(mapping(FIGURE))}  # fmt: skip
COUNTED = {"normal", "anomalous"}
CURVE = {key: list_of(number(-1e300, 1e300), 10_000) for key in ("recall", "precision", "threshold")} | {
    key: list_of(COUNT, 10_000) for key in COUNTED
}


def is_metrics(record: Mapping[str, Any]) -> bool:
    """Whether this is what an evaluation writes to metrics.json."""
    if misfit(record, METRICS) or not record["levels"] or _misses(record["config"], CONFIG, SETTING):
        return False
    if any(misfit(one, PATIENT) or one["model"] not in record["models"] for one in record["per_patient"]):
        return False
    try:
        rows = [ModelRow.from_json(key, one) for key, one in record["models"].items() if not _is_odd(one)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return len(rows) == len(record["models"]) > 0 and all(map(_has_figures, rows))


def is_curves(record: Mapping[str, Any]) -> bool:
    """Whether this is what an evaluation writes to curves.json."""
    if misfit(record, {"cohort": NAME, "models": mapping()}):
        return False
    return bool(record["models"]) and all(map(_is_drawable, record["models"].values()))


def _is_odd(model: Any) -> bool:
    return not isinstance(model, dict) or _misses(model, MODEL, LATER)


def _misses(record: Mapping[str, Any], always: Mapping[str, Entry], later: Mapping[str, Entry]) -> bool:
    """Whether an entry is none; those that came later may lack."""
    return misfit(record, {**always, **{key: entry for key, entry in later.items() if key in record}}) is not None


def _is_drawable(curve: Any) -> bool:
    """Whether its lists hold numbers, as many as each other and more than none."""
    if not isinstance(curve, dict) or misfit(curve, CURVE):
        return False
    points, counts = ({len(curve[key]) for key in keys} for keys in (CURVE.keys() - COUNTED, COUNTED))
    return len(points) == len(counts) == 1 and 0 not in points | counts


def _is_numeral(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()


def _has_figures(row: ModelRow) -> bool:
    """Whether what stands for a figure is one."""
    figures = [row.auprc, row.auprc_pooled, row.dice, row.best_dice, row.false_positive_ml, row.flagged_ml,
               row.lesion_recall, row.lesion_precision, row.lesion_f1, *row.differences.values()]  # fmt: skip
    values = [value for one in figures for value in (one.mean, one.low, one.high, one.std)]
    return all(map(FIGURE.fits, [*values, row.threshold, row.percentile, row.seconds_per_slice, row.best_dice_pooled]))
