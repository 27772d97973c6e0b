"""A made metrics.json in which every figure is another number."""

PERCENTILES = ("90", "98", "99.9")


def row_of(index, healthy=1, baseline=True):
    """A row of `models`."""
    base = 0.1 + 0.05 * index
    figures = ("auprc", "dice", "best_dice", "lesion_recall", "lesion_precision", "lesion_f1", "flagged_ml")
    row = {"model": None, "signed": "absolute", "percentile": 98.0, "threshold": 0.1, "reference": "made"}
    for place, figure in enumerate(figures):
        name = f"{figure}_mean" if figure in ("auprc", "dice") else figure
        value = base + 0.0117 * place
        row |= {name: value, f"{figure}_std": 0.0321 + base / 9, f"{figure}_ci": [value - 0.02, value + 0.02]}
    difference = {"mean": -0.0412 - base / 7, "ci": [-0.09, 0.01], "patients": 3}
    return row | {
        "reference_simulated": True,
        "reference_scans": 10 + index,
        "reference_ml": 18.0 * (10 + index),
        "auprc_pooled": base + 0.0777,
        "auprc_pooled_ci": [base, base + 0.2],
        "best_dice_pooled": base + 0.1333,
        "false_positive_ml": 12.34 + index,
        "false_positive_ml_ci": [10.0, 14.0],
        "false_positive_subjects": healthy,
        "seconds_per_slice": 0.25,
        "dice_by_percentile": dict.fromkeys(PERCENTILES, base),
        "seen": {"trained": 0, "calibrated": 1, "anatomy": 2},
        "difference_to_intensity": {"auprc": difference, "dice": difference} if baseline else None,
    }


def metrics_of(name, simulated, keys=("intensity", "sae3", "dae")):
    """Four patients, scored with the rows `keys`."""
    patients = [
        {"subject": f"sub-{p}", "model": key, "healthy": False, "seen": "", "auprc": 0.2 + 0.05 * p + 0.1 * k,
         "dice": 0.1 * p, "truth_ml": 3.0, "false_positive_ml": 1.0}
        for k, key in enumerate(keys) for p in range(4)
    ]  # fmt: skip
    return {
        "cohort": name,
        "simulated": simulated,
        "patients": 4,
        "patients_without_lesion_at_these_levels": 0,
        "brains": 4,
        "healthy": 1,
        "healthy_trained_on": 0,
        "levels": [87],
        "refused": {"sub-9": "The picture is black."},
        "auprc_chance": 0.0123,
        "config": {"percentile": 98.0, "resamples": 100, "seed": 1},
        "models": {key: row_of(i, baseline=key != "intensity") | {"model": key} for i, key in enumerate(keys)},
        "per_patient": patients,
    }
