"""Table 1: every model of a cohort in a row; for the page, a terminal, and tab-separated with numbers unrounded."""

from collections.abc import Mapping, Sequence
from typing import Any

from uad_core.evaluate.format import COLUMNS, Column, fixed_width, flat, tab_separated, table
from uad_core.evaluate.metrics_file import Figure, ModelRow, model_rows
from uad_core.experiment.contents import CohortResults, ModelCard
from uad_core.render.html import Cell, Table

ON_PAGE = ("auprc_pooled", "auprc", "dice", "lesion_recall", "lesion_precision", "lesion_f1", "false_positive_ml",
           "auprc_difference", "dice_difference", "seconds", "best_dice", "best_dice_pooled")  # fmt: skip
PRINTED = ("auprc_pooled", "dice", "lesion_f1", "false_positive_ml", "auprc_difference", "seconds", "best_dice")
TSV = (
    "auprc_pooled", "auprc_pooled_ci", "auprc_mean", "auprc_std", "auprc_ci", "dice_mean", "dice_std", "dice_ci",
    "percentile", "threshold", "reference", "lesion_recall", "lesion_precision", "lesion_f1", "false_positive_ml",
    "false_positive_ml_ci", "false_positive_subjects", "seconds_per_slice", "best_dice", "best_dice_std",
    "best_dice_pooled",
)  # fmt: skip


def table_1(results: CohortResults, cards: Mapping[str, ModelCard]) -> Table:
    """All columns; best cases stand apart on the right."""
    return table(_columns(ON_PAGE, cards), model_rows(results.metrics))


def printed_table(results: CohortResults, cards: Mapping[str, ModelCard]) -> str:
    """For a terminal: fewer columns."""
    return fixed_width(table(_columns(PRINTED, cards), model_rows(results.metrics), short=True), intervals=True)


def _columns(keys: Sequence[str], cards: Mapping[str, ModelCard]) -> list[Column]:
    def learned(row: ModelRow) -> Cell:
        return Cell(cards[row.model].learned if row.model in cards else "no model")

    return [COLUMNS["key"], Column("learned", "Learned?", "learned", learned), *(COLUMNS[key] for key in keys)]


def table_1_tsv(cohorts: Sequence[CohortResults], cards: Mapping[str, ModelCard]) -> str:
    """All cohorts' rows with a column that says simulated or real; best cases are named so."""
    records = []
    for results in cohorts:
        for row in model_rows(results.metrics):
            record, card = results.metrics["models"][row.key], cards.get(row.model)
            values: dict[str, Any] = {key: record[key] for key in TSV}
            for figure in ("auprc", "dice"):
                difference = row.differences.get(figure, Figure())
                values[f"{figure}_less_intensity"] = difference.mean
                values[f"{figure}_less_intensity_ci"] = [difference.low, difference.high]
            kind, patients = "simulated" if results.simulated else "real", results.metrics["patients"]
            about = {"kind": kind, "cohort": results.name, "patients": patients, "row": row.key}
            about |= {key: getattr(card, key, None) for key in ("learned", "parameters")}
            names = {key: key.replace("_ci_", "_").replace("best_dice", "best_case_dice") for key in flat(values)}
            records.append(about | {names[key]: value for key, value in flat(values).items()})
    return tab_separated(records)
