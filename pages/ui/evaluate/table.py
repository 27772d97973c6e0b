"""The figures of an evaluation as tables, and the files to take home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from uad_core.evaluate.format import html_table, interval, number, with_deviation
from uad_core.evaluate.records import against_model_0
from uad_core.runs.evaluation import FILES, EvaluationRun

HEADINGS = (
    "Model",
    "Residual",
    "AUPRC, mean ± sd",
    "AUPRC, pooled",
    "Dice, mean ± sd",
    "Lesion recall",
    "Lesion precision",
    "Lesion F1",
    "False positives in healthy, ml",
    "s a slice",
    "AUPRC less model 0's",
    "BEST CASE Dice",
    "BEST CASE Dice, one threshold",
)
BELOW = "[\N{BLACK DOWN-POINTING TRIANGLE} below model 0]"  # in brackets, as an interval: on a line of its own
KNOWN = {  # what a model has of a subject
    "trained": " [trained on this scan]",
    "calibrated": " [calibrated on this scan]",
    "anatomy": " [trained on this brain]",
}
STYLE = """<style>
.evaluation table {border-collapse: collapse; width: 100%; font-size: 0.75rem; line-height: 1.3}
.evaluation td {white-space: nowrap}
.evaluation th, .evaluation td {padding: 0.2rem 0.35rem; border-bottom: 1px solid rgba(128, 128, 128, 0.35);
  text-align: right; vertical-align: top; font-variant-numeric: tabular-nums}
.evaluation th {font-weight: 600; vertical-align: bottom}
.evaluation th:first-child, .evaluation td:first-child {text-align: left}
.evaluation .best {opacity: 0.65; font-style: italic}
.evaluation .wide {overflow-x: auto}
</style>"""


def draw_table(metrics: Mapping[str, Any]) -> None:
    """One row a model, intervals below their figures, best cases set back on the right."""
    lines = [_cells(key, model) for key, model in metrics["models"].items()]
    best = frozenset(index for index, heading in enumerate(HEADINGS) if heading.startswith("BEST"))
    _html(html_table(HEADINGS, lines, best))


def draw_patient_table(metrics: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]]) -> None:
    """One subject's figures, a row a model."""
    headings = (
        "Model", "Dice", "AUPRC", "Lesions found", "Regions flagged", "Flagged, ml", "Of it false, ml", "Threshold",
        "BEST CASE Dice",
    )  # fmt: skip
    lines = []
    for key, one in records.items():
        found = f"{one['lesions_found']} of {one['lesions']}" if one["dice"] is not None else number(None)
        regions = str(one["regions"]) if one["dice"] is not None else number(None)
        flagged, false = (number(one[figure], 2) for figure in ("flagged_ml", "false_positive_ml"))
        figures = (number(one["dice"]), number(one["auprc"]), found, regions, flagged, false)
        name = key + KNOWN.get(one["seen"], "")
        lines.append([name, *figures, number(one["threshold"], 4), number(one["best_dice"])])
    _html(html_table(headings, lines, frozenset({len(headings) - 1})))


def offer_files(evaluation: EvaluationRun, metrics: Mapping[str, Any]) -> None:
    """The records of the evaluation, and how to make them again."""
    with st.container(horizontal=True):
        for name in FILES:
            path = evaluation.folder / name
            if path.exists():
                st.download_button(
                    name, path.read_bytes, f"{evaluation.name}_{name}", on_click="ignore", key=f"get {name}",
                    icon=":material/download:", help="Numbers unrounded; subjects by name, no paths.",
                )  # fmt: skip
    with st.expander("How to run this again"):
        st.code(metrics.get("command", "not known"), language=None, wrap_lines=True)


def _cells(key: str, model: Mapping[str, Any]) -> list[str]:
    against = against_model_0(model)
    difference = (model["difference_to_intensity"] or {}).get("auprc", {"mean": None, "ci": [None, None]})
    return [
        f"{key} {BELOW}" if against and against.place == "below" else key,
        model["signed"] or "none",
        with_deviation(model, "auprc", "auprc_mean"),
        interval(model["auprc_pooled"], model["auprc_pooled_ci"]),
        with_deviation(model, "dice", "dice_mean"),
        number(model["lesion_recall"]),
        number(model["lesion_precision"]),
        number(model["lesion_f1"]),
        interval(model["false_positive_ml"], model["false_positive_ml_ci"], 2),
        number(model["seconds_per_slice"]),
        interval(difference["mean"], difference["ci"]),
        with_deviation(model, "best_dice", "best_dice"),
        number(model["best_dice_pooled"]),
    ]


def _html(table: str) -> None:
    st.html(f'{STYLE}<div class="evaluation">{table}</div>')
