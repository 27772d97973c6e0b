"""The figures of an evaluation as tables and in plain sentences, and its files to download."""

import re
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.ui.runs.view import draw_command
from pages.ui.shell import keys
from uad_core.evaluate.format import COLUMNS, number, table
from uad_core.evaluate.glossary import explanation
from uad_core.evaluate.metrics_file import Metrics, PatientRow, model_rows
from uad_core.evaluate.records import FEW, against_model_0
from uad_core.evaluate.tables import about, counted
from uad_core.render.html import BEST, Cell, Table, render_html
from uad_core.runs.evaluation import FILES, EvaluationRun

SHOWN = ("auprc", "dice", "lesion_recall", "false_positive_ml", "auprc_difference", "best_dice")
ALL = ("signed", "auprc", "auprc_pooled", "dice", "lesion_recall", "lesion_precision", "lesion_f1", "recall_at_1",
       "recall_at_5", "flagged_ml", "false_positive_ml", "auprc_difference", "dice_difference", "seconds", "best_dice",
       "best_dice_pooled")  # fmt: skip
BELOW = "[\N{BLACK DOWN-POINTING TRIANGLE} below model 0]"
NOTHING = (number(None), Cell(number(None)))
KNOWN = {"trained": "[trained on this scan]", "calibrated": "[calibrated on this scan]",
         "anatomy": "[trained on this brain]"}  # what a model has of a subject  # fmt: skip


def plain(text: str) -> str:
    """Text with names from file names in it, so that Markdown shows every letter of it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!$:~<>|])", r"\\\1", text)


def draw_about(metrics: Metrics) -> None:
    """What was evaluated, and who was left out."""
    first, *rest = about(metrics)
    st.markdown(plain(first))
    for sentence in rest:
        st.markdown(f":material/info: {plain(sentence)}")


def draw_table(metrics: Metrics) -> None:
    """One row a model, intervals below their figures, best cases set back on the right."""
    rows = model_rows(metrics)
    every = st.toggle(
        "All figures", key=keys.RESULTS["every"], bind="query-params", help="Pooled figures, lesions found by size, "
        "precision, what was flagged, seconds. The table of the files to download has them all.",
    )  # fmt: skip
    headings, cells = table([COLUMNS[key] for key in (ALL if every else SHOWN)], rows)
    known = [at for at in range(len(headings)) if any(line[at] not in NOTHING for line in cells)]
    headings, cells = [headings[at] for at in known], [[line[at] for at in known] for line in cells]
    below = [(against := against_model_0(row)) is not None and against.verdict == "below" for row in rows]
    names = [Cell(row.key, BELOW if loses else "") for row, loses in zip(rows, below, strict=True)]
    _draw(Table((COLUMNS["key"].heading, *headings), [[name, *line] for name, line in zip(names, cells, strict=True)]))


def draw_patient_table(records: Mapping[str, PatientRow]) -> None:
    """One subject's figures, a row a model."""
    headings = ("Model", "Dice", "AUPRC", "Lesions found", "Regions flagged", "Flagged, ml", "Of it false, ml",
                "Threshold", f"{BEST} Dice")  # fmt: skip
    rows: list[list[str | Cell]] = []
    for key, one in records.items():
        counts = (f"{one['lesions_found']} of {one['lesions']}", str(one["regions"]))
        found, regions = counts if one["dice"] is not None else (number(None), number(None))
        rows.append([
            Cell(key, KNOWN.get(one["seen"], "")), number(one["dice"]), number(one["auprc"]), found, regions,
            number(one["flagged_ml"], 2), number(one["false_positive_ml"], 2), number(one["threshold"], 4),
            number(one["best_dice"]),
        ])  # fmt: skip
    _draw(Table(headings, rows))


def _draw(table: Table) -> None:
    st.html(render_html(Path(__file__).parent / "table.html", table=table))


def draw_sentences(metrics: Metrics) -> None:
    """Who loses to model 0, what models knew, and what the figures mean."""
    lines, rows = [], model_rows(metrics)
    compared = [(row.key, against) for row in rows if (against := against_model_0(row))]
    for verdict, icon in (("below", "trending_down"), ("above", "trending_up"), ("level", "trending_flat")):
        if named := "; ".join(f"**{key}** {against.words}" for key, against in compared if against.verdict == verdict):
            where = "No difference shown to" if verdict == "level" else verdict.capitalize()
            lines.append(f":material/{icon}: {where} model 0, by paired difference of AUPRC (95 % interval): {named}.")
    if unlearned := ", ".join(f"**{row.key}**" for row in rows if row.learned is False):
        lines.append(f":material/warning: Worse than the median training slice: {unlearned}.")
    if known := ", ".join(f"**{row.key}** {seen}" for row in rows if (seen := sum(row.seen.values()))):
        lines.append(f":material/warning: Subjects that were trained or calibrated on, or whose brain was: {known}.")
    if 0 < metrics["patients"] < FEW:
        patients = counted(metrics["patients"], "patient")
        lines.append(f":material/info: Only {patients} with lesions: an interval over so few says little.")
    if lines:
        st.markdown("  \n".join(lines))
    st.caption(plain(explanation(metrics)))


def offer_files(evaluation: EvaluationRun, metrics: Metrics) -> None:
    """The records of the evaluation, and how to make them again."""
    with st.container(horizontal=True):
        for path in (evaluation.folder / name for name in FILES):
            if path.exists():
                st.download_button(
                    path.name, path.read_bytes, f"{evaluation.name}_{path.name}", on_click="ignore",
                    key=f"get {path.name}", icon=":material/download:",
                    help="Numbers unrounded; subjects by name, no paths.",
                )  # fmt: skip
    draw_command(metrics.get("command", "not known"))
