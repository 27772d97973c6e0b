"""The figures of an evaluation as text: to read, and tab-separated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = {  # column -> heading; what the truth picked is called a best case
    "auprc_pooled": "AUPRC pooled",
    "auprc_mean": "AUPRC mean",
    "dice_mean": "Dice",
    "dice_std": "+-",
    "lesion_recall": "recall",
    "lesion_precision": "precision",
    "lesion_f1": "F1",
    "flagged_ml": "flagged ml",
    "false_positive_ml": "healthy ml",
    "best_dice": "Dice BEST CASE",
    "best_dice_pooled": "pooled BEST CASE",
    "seconds_per_slice": "s/slice",
}


def about(metrics: Mapping[str, Any]) -> list[str]:
    """What was evaluated and who was left out, in sentences."""
    kind = "SIMULATED scans" if metrics["simulated"] else "real scans"
    levels = metrics["levels"]
    where = f"atlas levels {levels[0]} to {levels[-1]}" if len(levels) > 1 else f"atlas level {levels[0]}"
    lines = [
        f"Cohort {metrics['cohort']}: {kind}, {counted(metrics['patients'], 'patient')} with lesions and "
        f"{counted(metrics['healthy'], 'healthy subject')}, {where}."
    ]
    if metrics["auprc_chance"] is not None:
        lines[0] += f" Pooled AUPRC of chance: {_short(metrics['auprc_chance'])}."
    if metrics["patients_without_lesion_at_these_levels"]:
        lines.append(f"{metrics['patients_without_lesion_at_these_levels']} patients have no lesion there: left out.")
    if metrics["refused"]:
        lines.append(f"{len(metrics['refused'])} subjects could not be used: {', '.join(metrics['refused'])}.")
    if metrics["healthy_trained_on"]:
        lines.append(f"{metrics['healthy_trained_on']} healthy subjects were trained on: not in 'healthy ml'.")
    return lines


def readable(metrics: Mapping[str, Any]) -> list[str]:
    """The table as lines of text."""
    lines = about(metrics)
    cells = [["model", "residual", *SHOWN.values()]]
    for key, model in metrics["models"].items():
        cells.append([key, model["signed"] or "none", *(_short(model[column]) for column in SHOWN)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    for key, model in metrics["models"].items():
        if model["reference"]:
            kind = "simulated" if model["reference_simulated"] else "real"
            lines.append(
                f"{key}: threshold {model['threshold']:.4f}, percentile {model['percentile']:g} of the {kind} healthy "
                f"scans {model['reference']}; Dice 95 % interval {_range(model['dice_ci'])}; "
                f"{sum(model['seen'].values())} subjects, or their anatomy, known from training"
            )
        for figure, value in (model["difference_to_intensity"] or {}).items():
            if figure in ("auprc", "dice"):
                lines.append(f"{key}: {figure} less intensity's {_short(value['mean'])}, {_range(value['ci'])}")
    lines.append("BEST CASE: the threshold was picked on the truth, which no user has. Healthy ml: false positives.")
    return lines


def counted(number: int, what: str) -> str:
    """Such as "3 patients" or "1 patient"."""
    return f"{number} {what}{'s' * (number != 1)}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _range(ends: list[float | None]) -> str:
    return f"[{_short(ends[0])}, {_short(ends[1])}]"


def model_table(metrics: Mapping[str, Any]) -> str:
    """One row a model, tab-separated; intervals as `_low` and `_high`, n/a where there is no figure."""
    return _tsv([{"cohort": metrics["cohort"], "row": key} | _flat(row) for key, row in metrics["models"].items()])


def patient_table(metrics: Mapping[str, Any]) -> str:
    """One row a subject and model, tab-separated."""
    return _tsv([_flat(row) for row in metrics["per_patient"]])


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Nested values as columns of their own."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= {f"{key}_{inner}": item for inner, item in _flat(value).items()}
        elif isinstance(value, list) and len(value) == 2:
            flat[f"{key}_low"], flat[f"{key}_high"] = value
        else:
            flat[key] = value
    return flat


def _tsv(records: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for record in records for column in record))
    columns = [c for c in columns if any(record.get(c) is not None for record in records)]
    lines = [columns, *([_cell(record.get(column)) for column in columns] for record in records)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "n/a"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
