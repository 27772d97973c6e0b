"""From scores to the table: means, intervals, pooled figures, differences to the baseline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any, cast

import numpy as np

from uad_core.cohorts.persons import person_of
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.glossary import GLOSSARY, NOTES
from uad_core.evaluate.metrics import Curve, Interval, curve, mean_with_interval, paired_difference, pooled_interval
from uad_core.evaluate.metrics.detections import found_by_size
from uad_core.evaluate.metrics_file import BASELINE, CurveRow, Curves, Metrics, PatientRow
from uad_core.evaluate.records import baselines
from uad_core.evaluate.rows import EvaluationSession, Row
from uad_core.evaluate.score_case import NAN, Score

POINTS, BINS = 200, 200  # of a precision-recall curve; of the histograms of voxels over [0, 1]
MEANS = ("auprc", "dice", "best_dice", "lesion_recall", "lesion_precision", "lesion_f1", "flagged_ml")
SEEN = ("trained", "calibrated", "anatomy")
THRESHOLD_FREE = ("auprc", "best_dice")


@dataclass(frozen=True)
class Tables:
    metrics: Metrics  # what metrics.json holds
    curves: Curves  # what curves.json holds


def summarise(session: EvaluationSession, scores: Sequence[Score], refused: Mapping[str, str]) -> Tables:
    """Both records of an evaluation, from the scores of all subjects and rows; `refused`: subject -> why."""
    cohort, rows, config = session.cohort, session.rows, session.config
    by_row = {row.key: [one for one in scores if one.row == row.key] for row in rows}
    by_key = {row.key: row for row in rows}
    first = by_row[rows[0].key]
    patients = [one for one in first if not one.healthy]
    scored = [one.subject for one in patients if one.truth_ml > 0]
    with_lesion = set(map(person_of, scored))
    healthy = [one.subject for one in first if one.healthy]
    trained = {one.subject for one in scores if one.seen == "trained"}
    unseen = [name for name in healthy if name not in trained]
    truth = np.concatenate([one.truth for one in patients if one.truth is not None] or [np.zeros(0, bool)])
    models: dict[str, dict[str, Any]] = {}
    curves: dict[str, CurveRow] = {}
    held_against = baselines([(row.key, row.family, row.signed) for row in rows])
    for row in rows:
        own = {one.subject: one for one in by_row[row.key]}
        mine = [own[name] for name in scored]
        values = np.concatenate([one.values for one in mine if one.values is not None] or [np.zeros(0, np.float32)])
        operating = curve(values, truth)
        pooled_best, pooled_threshold = operating.best_dice(sum(one.missed for one in mine))
        baseline = None if row.family == BASELINE else held_against[row.key]
        models[row.key] = {
            **_about(row, config),
            "auprc_pooled": _number(operating.average_precision),
            "auprc_pooled_ci": _pooled_ci(operating, mine, config),
            **_means(row, mine, config),
            "best_dice_pooled": _number(pooled_best),
            "best_dice_pooled_threshold": _number(pooled_threshold),
            "dice_by_percentile": _dice_by_percentile(row, mine, config),
            "recall_by_size": found_by_size([one.detections for one in mine if one.detections]),
            **_healthy([own[name] for name in unseen], config),
            "seconds_per_slice": _number(_mean(one.seconds_per_slice for one in own.values())),
            "seen": {what: sum(one.seen == what for one in own.values()) for what in SEEN},
            "difference_to_intensity": _differences(mine, by_row[baseline], config) if baseline else None,
        }
        curves[row.key] = _curves(operating.thinned(POINTS), values, truth)
    metrics: Metrics = {
        "cohort": cohort.name,
        "simulated": cohort.simulated,
        "patients": len(with_lesion),
        "patients_without_lesion_at_these_levels": len(set(_people(patients)) - with_lesion),
        "brains": len({subject.anatomy for subject in cohort.subjects if subject.name in scored}),
        "healthy": len(healthy),
        "healthy_trained_on": len(healthy) - len(unseen),
        "refused": dict(refused),
        "levels": session.searched_levels(),
        "auprc_chance": _number(float(truth.mean())) if truth.size else None,
        "config": asdict(config),
        "notes": {key: GLOSSARY[key] for key in NOTES},
        "models": models,
        "per_patient": [_per_patient(one, by_key[one.row], config) for one in scores],
    }
    return Tables(metrics, {"cohort": cohort.name, "models": curves})


def _about(row: Row, config: EvaluateConfig) -> dict[str, Any]:
    known: dict[str, Any] = {"model": row.name, "signed": row.signed, "median_size": config.median_size}
    if row.checkpoint is None or row.reference is None or row.thresholds is None:
        return known | {"percentile": None, "threshold": None, "reference": None}
    reference = row.checkpoint.calibration.references[row.reference]
    return known | {
        "percentile": row.percentile,
        "threshold": row.thresholds[0],
        "reference": row.reference,
        "reference_simulated": reference.simulated,
        "reference_scans": reference.scans,
        "reference_ml": reference.millilitres,
        **{key: getattr(row.checkpoint, key) for key in ("sha256", "identity", "learned")},
    }


def _interval(scores: Sequence[Score], figure: str, config: EvaluateConfig) -> Interval:
    values = np.array([getattr(one, figure) for one in scores], np.float64)
    return mean_with_interval(values, config.resamples, config.seed, _people(scores))


def _people(scores: Iterable[Score]) -> list[str]:
    """Whose scan each is."""
    return [person_of(one.subject) for one in scores]


def _ends(value: Interval) -> list[float | None]:
    return [_number(value.low), _number(value.high)]


def _means(row: Row, mine: Sequence[Score], config: EvaluateConfig) -> dict[str, Any]:
    """Mean, deviation and interval of each per-patient figure; `best_dice` is the mean itself."""
    found: dict[str, Any] = {}
    left_out: dict[str, int | None] = {}
    for figure in MEANS:
        value = _interval(mine, figure, config)
        mean = f"{figure}_mean" if figure in ("auprc", "dice") else figure
        found |= {mean: _number(value.mean), f"{figure}_std": _number(value.std), f"{figure}_ci": _ends(value)}
        left_out[figure] = value.left_out if row.thresholds or figure in THRESHOLD_FREE else None
    return found | {"left_out": left_out}


def _pooled_ci(operating: Curve, mine: Sequence[Score], config: EvaluateConfig) -> list[float | None]:
    kept = [(one.values, one.truth) for one in mine if one.values is not None and one.truth is not None]
    values, truths, people = [pair[0] for pair in kept], [pair[1] for pair in kept], _people(mine)
    return [_number(end) for end in pooled_interval(operating, values, truths, config.resamples, config.seed, people)]


def _healthy(unseen: Sequence[Score], config: EvaluateConfig) -> dict[str, Any]:
    value = _interval(unseen, "false_positive_ml", config)
    searched = sum(one.searched_ml for one in unseen)
    share = sum(one.false_positive_ml for one in unseen) / searched if searched else NAN
    return {
        "false_positive_ml": _number(value.mean),
        "false_positive_ml_std": _number(value.std),
        "false_positive_ml_ci": _ends(value),
        "false_positive_share": _number(share),
        "false_positive_subjects": value.patients,
    }


def _dice_by_percentile(row: Row, mine: Sequence[Score], config: EvaluateConfig) -> dict[str, float | None] | None:
    if row.thresholds is None:
        return None
    means = [_number(_mean(one.dice_at[index] for one in mine)) for index in range(len(config.percentiles))]
    return _by_percentile(config, means)


def _by_percentile(config: EvaluateConfig, values: Iterable[float | None]) -> dict[str, float | None]:
    return {f"{percentile:g}": value for percentile, value in zip(config.percentiles, values, strict=False)}


def _differences(mine: Sequence[Score], baseline: Sequence[Score], config: EvaluateConfig) -> dict[str, Any]:
    """Of each figure the mean paired difference to model 0, over the patients with a lesion."""
    found, theirs = {}, {one.subject: one for one in baseline}
    for figure in ("auprc", "dice", "best_dice", "lesion_f1"):
        pair = [(getattr(one, figure), getattr(theirs[one.subject], figure)) for one in mine]
        values, their_values = np.array(pair, np.float64).reshape(-1, 2).T
        value = paired_difference(values, their_values, config.resamples, config.seed, _people(mine))
        found[figure] = {"mean": _number(value.mean), "ci": _ends(value), "patients": value.patients}
    return found


def _per_patient(one: Score, row: Row, config: EvaluateConfig) -> PatientRow:
    """A score as JSON holds it, without its arrays."""
    hidden = ("subject", "row", "values", "truth", "mask", "detections", "dice_at")
    record = {key: _number(value) if isinstance(value, float) else value
              for key, value in vars(one).items() if key not in hidden}  # fmt: skip
    named = {"subject": one.subject, "model": one.row, "signed": row.signed}
    return cast(PatientRow, named | record | {"dice_at": _by_percentile(config, map(_number, one.dice_at))})


def _curves(thinned: Curve, values: np.ndarray, truth: np.ndarray) -> CurveRow:
    edges, drawn = np.linspace(0, 1, BINS + 1), bool(thinned.positives)
    return {
        "recall": np.round(thinned.recall, 6).tolist() if drawn else [],
        "precision": np.round(thinned.precision, 6).tolist() if drawn else [],
        "threshold": np.round(thinned.thresholds, 6).tolist(),
        "normal": np.histogram(values[~truth], edges)[0].tolist(),
        "anomalous": np.histogram(values[truth], edges)[0].tolist(),
    }


def _mean(values: Iterable[float]) -> float:
    kept = [value for value in values if not isnan(value)]
    return float(np.mean(kept)) if kept else NAN


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if np.isfinite(value) else None
