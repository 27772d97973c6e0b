"""The figures of an evaluation as tables, and its files to download."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from uad_core.evaluate.format import COLUMNS, number, table
from uad_core.evaluate.metrics_file import Metrics, ModelRow, PatientRow, model_rows
from uad_core.evaluate.records import against_model_0
from uad_core.render.html import BEST, Cell, Table, render_html
from uad_core.runs.evaluation import FILES, EvaluationRun

SHOWN = ("signed", "auprc", "auprc_pooled", "dice", "lesion_recall", "lesion_precision", "lesion_f1",
         "false_positive_ml", "seconds", "auprc_difference", "best_dice", "best_dice_pooled")  # fmt: skip
BELOW = "[\N{BLACK DOWN-POINTING TRIANGLE} below model 0]"
KNOWN = {  # what a model has of a subject
    "": "",
    "trained": "[trained on this scan]",
    "calibrated": "[calibrated on this scan]",
    "anatomy": "[trained on this brain]",
}


def draw_table(metrics: Metrics) -> None:
    """One row a model, intervals below their figures, best cases set back on the right."""
    rows = model_rows(metrics)
    headings, cells = table([COLUMNS[key] for key in SHOWN], rows)
    lines = [[Cell(row.key, BELOW if _is_below(row) else ""), *line] for row, line in zip(rows, cells, strict=True)]
    _draw(Table((COLUMNS["key"].heading, *headings), lines))


def _is_below(row: ModelRow) -> bool:
    against = against_model_0(row)
    return against is not None and against.verdict == "below"


def draw_patient_table(records: Mapping[str, PatientRow]) -> None:
    """One subject's figures, a row a model."""
    headings = ("Model", "Dice", "AUPRC", "Lesions found", "Regions flagged", "Flagged, ml", "Of it false, ml",
                "Threshold", f"{BEST} Dice")  # fmt: skip
    rows: list[list[str | Cell]] = []
    for key, one in records.items():
        has_dice = one["dice"] is not None
        rows.append(
            [
                Cell(key, KNOWN.get(one["seen"], "")),
                number(one["dice"]),
                number(one["auprc"]),
                f"{one['lesions_found']} of {one['lesions']}" if has_dice else number(None),
                str(one["regions"]) if has_dice else number(None),
                number(one["flagged_ml"], 2),
                number(one["false_positive_ml"], 2),
                number(one["threshold"], 4),
                number(one["best_dice"]),
            ]
        )
    _draw(Table(headings, rows))


def _draw(table: Table) -> None:
    st.html(render_html(Path(__file__).parent / "table.html", table=table))


def offer_files(evaluation: EvaluationRun, metrics: Metrics) -> None:
    """The records of the evaluation, and how to make them again."""
    with st.container(horizontal=True):
        for name in FILES:
            path = evaluation.folder / name
            if path.exists():
                st.download_button(
                    name, path.read_bytes, f"{evaluation.name}_{name}", on_click="ignore", key=f"get {name}",
                    icon=":material/download:", help="Numbers unrounded; subjects by name, no paths.",
                )  # fmt: skip
    with st.expander("Command"):
        st.code(metrics.get("command", "not known"), language=None, wrap_lines=True)
