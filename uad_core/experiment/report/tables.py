"""Table 1: every model of a cohort in a row; as HTML, and tab-separated with the numbers unrounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from uad_core.evaluate.format import html_table, interval, number, with_deviation
from uad_core.experiment.contents import CohortResults, ModelCard

BEST = "best case: "
HEADINGS = (
    "Model",
    "Learned?",
    "AUPRC, pooled",
    "AUPRC, mean",
    "Dice at the healthy percentile, mean ± sd",
    "Lesion recall",
    "Lesion precision",
    "Lesion F1",
    "False positives on healthy scans, ml",
    "AUPRC less intensity's",
    "Dice less intensity's",
    "Seconds a slice*",
    f"{BEST}Dice, mean ± sd",
    f"{BEST}Dice, one threshold for all",
)


def cells(key: str, model: Mapping[str, Any], card: ModelCard | None) -> list[str]:
    """One row, in the order of `HEADINGS`."""
    difference = model["difference_to_intensity"] or {}
    less = [difference.get(figure, {"mean": None, "ci": [None, None]}) for figure in ("auprc", "dice")]
    return [
        key,
        card.learned if card else "no model",
        interval(model["auprc_pooled"], model["auprc_pooled_ci"]),
        with_deviation(model, "auprc", "auprc_mean"),
        with_deviation(model, "dice", "dice_mean"),
        number(model["lesion_recall"]),
        number(model["lesion_precision"]),
        number(model["lesion_f1"]),
        interval(model["false_positive_ml"], model["false_positive_ml_ci"], 1),
        *(interval(value["mean"], value["ci"]) for value in less),
        number(model["seconds_per_slice"]),
        with_deviation(model, "best_dice", "best_dice"),
        number(model["best_dice_pooled"]),
    ]


def table_one(results: CohortResults, cards: Mapping[str, ModelCard]) -> str:
    """The HTML table of one cohort; best cases stand apart on the right."""
    lines = [cells(key, model, cards.get(model["model"])) for key, model in results.metrics["models"].items()]
    return html_table(HEADINGS, lines, greyed=frozenset(i for i, name in enumerate(HEADINGS) if name.startswith(BEST)))


TSV = (
    "auprc_pooled", "auprc_pooled_ci", "auprc_mean", "auprc_std", "auprc_ci", "dice_mean", "dice_std", "dice_ci",
    "percentile", "threshold", "reference", "lesion_recall", "lesion_precision", "lesion_f1", "false_positive_ml",
    "false_positive_ml_ci", "false_positive_subjects", "seconds_per_slice", "best_dice", "best_dice_std",
    "best_dice_pooled",
)  # fmt: skip


def tab_separated(cohorts: Sequence[CohortResults], cards: Mapping[str, ModelCard]) -> str:
    """All cohorts' rows with a column that says simulated or real; best cases are named so."""
    records = []
    for results in cohorts:
        for key, model in results.metrics["models"].items():
            card = cards.get(model["model"])
            record: dict[str, Any] = {
                "kind": "simulated" if results.simulated else "real",
                "cohort": results.name,
                "patients": results.metrics["patients"],
                "row": key,
                "learned": card.learned if card else None,
                "parameters": card.parameters if card else None,
            }
            for figure in TSV:
                record |= _columns(figure.replace("best_dice", "best_case_dice"), model.get(figure))
            for figure in ("auprc", "dice"):
                value = (model["difference_to_intensity"] or {}).get(figure, {"mean": None, "ci": [None, None]})
                record |= {f"{figure}_less_intensity": value["mean"]}
                record |= _columns(f"{figure}_less_intensity_ci", value["ci"])
            records.append(record)
    columns = list(dict.fromkeys(column for record in records for column in record))
    lines = [columns, *([_text(record.get(column)) for column in columns] for record in records)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _columns(name: str, value: Any) -> dict[str, Any]:
    if name.endswith("_ci"):
        low, high = value or (None, None)
        return {name.removesuffix("_ci") + "_low": low, name.removesuffix("_ci") + "_high": high}
    return {name: value}


def _text(value: Any) -> str:
    if value is None:
        return "n/a"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def plain_text(results: CohortResults, cards: Mapping[str, ModelCard]) -> str:
    """The table for a terminal: fewer columns, best cases last and named so."""
    chosen = (0, 1, 2, 4, 7, 8, 9, 11, 12)
    names = (
        "model", "learned", "AUPRC pooled", "Dice", "lesion F1", "healthy ml", "AUPRC - intensity", "s/slice*",
        "BEST CASE Dice",
    )  # fmt: skip
    rows = [cells(key, model, cards.get(model["model"])) for key, model in results.metrics["models"].items()]
    table = [list(names), *([row[index] for index in chosen] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in table)
