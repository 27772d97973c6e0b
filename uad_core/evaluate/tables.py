"""The tables of one evaluation: to read, and tab-separated."""

from collections.abc import Mapping, Sequence
from typing import Any

from uad_core.evaluate.format import COLUMNS, fixed_width, flat, interval, number, tab_separated, table
from uad_core.evaluate.glossary import GLOSSARY, conditions
from uad_core.evaluate.metrics_file import Metrics, model_rows

SHOWN = ("key", "signed", "auprc_pooled", "auprc", "dice", "lesion_recall", "lesion_precision", "lesion_f1",
         "recall_at_1", "recall_at_5", "flagged_ml", "false_positive_ml", "best_dice", "best_dice_pooled",
         "seconds")  # fmt: skip


def about(metrics: Metrics) -> list[str]:
    """What was evaluated and who was left out, in sentences."""
    kind = "SIMULATED scans" if metrics["simulated"] else "real scans"
    lines = [
        f"Cohort {metrics['cohort']}: {kind}, {counted(metrics['patients'], 'patient')} with lesions and "
        f"{counted(metrics['healthy'], 'healthy subject')}, {searched_levels(metrics)}."
    ]
    if metrics["auprc_chance"] is not None:
        lines[0] += f" Pooled AUPRC of chance: {number(metrics['auprc_chance'])}."
    if metrics["patients_without_lesion_at_these_levels"]:
        lines.append(f"{metrics['patients_without_lesion_at_these_levels']} patients have no lesion there: left out.")
    if metrics["refused"]:
        lines.append(f"{len(metrics['refused'])} subjects could not be used: {', '.join(metrics['refused'])}.")
    if metrics["healthy_trained_on"]:
        lines.append(f"{metrics['healthy_trained_on']} healthy subjects were trained on: no false positives counted.")
    return [*lines, *conditions(metrics)]


def searched_levels(metrics: Metrics) -> str:
    """`atlas levels 70 to 89`."""
    levels = metrics["levels"]
    return f"atlas levels {levels[0]} to {levels[-1]}" if len(levels) > 1 else f"atlas level {levels[0]}"


def readable(metrics: Metrics) -> list[str]:
    """The table as lines of text."""
    rows = model_rows(metrics)
    lines = [*about(metrics), fixed_width(table([COLUMNS[key] for key in SHOWN], rows, short=True))]
    for row in rows:
        if row.reference:
            lines.append(
                f"{row.key}: threshold {number(row.threshold, 4)}, percentile {row.percentile:g} of the "
                f"{row.reference_kind} healthy scans {row.reference}; Dice 95 % interval "
                f"{interval(row.dice.low, row.dice.high) or 'none'}; "
                f"{sum(row.seen.values())} subjects, or their anatomy, known from training"
            )
        for figure in ("auprc", "dice"):
            if found := row.differences.get(figure):
                ends = interval(found.low, found.high) or "no interval"
                lines.append(f"{row.key}: {figure} less intensity's {number(found.mean)}, {ends}")
    lines += [GLOSSARY["best_dice"], f"Healthy ml: {GLOSSARY['false_positive_ml']}"]
    return lines


def counted(number: int, what: str) -> str:
    """Such as "3 patients" or "1 patient"."""
    return f"{number} {what}{'s' * (number != 1)}"


def model_table(metrics: Metrics) -> str:
    """One row a model, tab-separated; intervals as `_low` and `_high`, n/a where there is no figure."""
    return _filled([{"cohort": metrics["cohort"], "row": key} | flat(row) for key, row in metrics["models"].items()])


def patient_table(metrics: Metrics) -> str:
    """One row a subject and model, tab-separated."""
    return _filled([flat(row) for row in metrics["per_patient"]])


def _filled(records: Sequence[Mapping[str, Any]]) -> str:
    """Without the columns in which no record has a value."""
    filled = {column for record in records for column, value in record.items() if value is not None}
    return tab_separated([{key: value for key, value in record.items() if key in filled} for record in records])
