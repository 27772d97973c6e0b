"""Patient by patient: a chart and a table, each a click away from a patient's images."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.evaluate.charts import style
from pages.ui.shell import keys
from pages.ui.viewer.charts import show_chart
from uad_core.evaluate.format import NONE
from uad_core.evaluate.metrics_file import Metrics, PatientFigure, model_rows
from uad_core.evaluate.records import baselines, subjects
from uad_core.render.html import BEST

FIGURES: dict[PatientFigure, str] = {
    "dice": "Dice", "auprc": "AUPRC", "lesion_recall": "Lesion recall", "lesion_precision": "Lesion precision",
    "lesion_f1": "Lesion F1", "flagged_ml": "Flagged, ml", "false_positive_ml": "False positives, ml",
    "best_dice": f"{BEST} Dice",
}  # fmt: skip
SYMBOLS = {"solid": "circle", "dash": "square", "dot": "triangle-up"}  # of rows whose colours are the same
LEVEL_NAMES = 6  # models whose names stand side by side
ALONG = {"models": "Models", "truth_ml": "Lesion volume, ml", "model 0": "The same of model 0"}


@st.fragment
def draw_patients(metrics: Metrics, choose: Callable[[str], None], seen: str) -> None:
    """Chart and table of one figure; `choose` is called with the subject clicked on, of whom `seen` is to be seen."""

    def clicked(subject: str) -> None:
        choose(subject)
        st.session_state[keys.RESULTS["clicked"]] = True

    if st.session_state.pop(keys.RESULTS["clicked"], False):
        st.rerun()  # not this fragment alone: the images take the place of all of it
    places = st.columns([1, 1, 2], vertical_alignment="bottom")
    there = [key for key in FIGURES if any(one[key] is not None for one in metrics["per_patient"])]
    figure = places[0].selectbox(
        "Figure", there or list(FIGURES), format_func=lambda key: FIGURES[key], key=keys.RESULTS["figure"],
        bind="query-params", help="Of each subject and model. BEST CASE: its threshold was picked on the truth.",
    )  # fmt: skip
    offered = [key for key in ALONG if key != "model 0" or any(_baselines(metrics).values())]
    along = places[1].selectbox(
        "Along", offered, format_func=lambda key: ALONG[key], key=keys.RESULTS["along"], bind="query-params",
        help="What the chart is spread over: models side by side, each patient's true lesion volume in millilitres, "
        "or model 0 on the same patient (above the diagonal a model is better).",
    )  # fmt: skip
    places[2].markdown(f"Click a point, or the box before a row, to see that patient's {seen}.")
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        _draw_chart(metrics, figure, along, clicked)
    with right:
        _draw_list(metrics, figure, clicked)


def _draw_chart(metrics: Metrics, figure: PatientFigure, along: str, choose: Callable[[str], None]) -> None:
    models, names = list(metrics["models"]), subjects(metrics)
    records = {(one["model"], one["subject"]): one for one in metrics["per_patient"]}
    chart, baseline = go.Figure(), _baselines(metrics)
    for index, key in enumerate(models):
        points = []
        for order, name in enumerate(names):
            one, of_model_0 = records.get((key, name)), records.get((baseline[key] or "", name))
            if one is None or one[figure] is None:
                continue
            across = {"models": index + ((order * 0.618) % 1 - 0.5) * 0.5, "truth_ml": one["truth_ml"],
                      "model 0": of_model_0 and of_model_0[figure]}  # fmt: skip
            if across[along] is not None:
                points.append((across[along], one[figure], name, one["healthy"]))
        line = style(index)
        chart.add_scatter(
            x=[x for x, *_ in points], y=[y for _, y, *_ in points], name=key, mode="markers", cliponaxis=False,
            customdata=[[name, "healthy" if healthy else "patient"] for *_, name, healthy in points],
            hovertemplate="%{customdata[0]} (%{customdata[1]}): %{y:.3f}",
            marker={"color": line["color"], "size": 9, "opacity": 0.75, "symbol": [
                "diamond-open" if healthy else SYMBOLS[str(line["dash"])] for *_, healthy in points]},
        )  # fmt: skip
    axis: dict[str, Any] = {"title": ALONG[along], "rangemode": "tozero"}
    if along == "models":
        labels = [key.replace(":", "<br>") for key in models]
        axis = {"tickvals": list(range(len(models))), "ticktext": labels, "tickfont": {"size": 11},
                "tickangle": 0 if len(models) <= LEVEL_NAMES else -35,
                "range": [-0.5, len(models) - 0.5]}  # fmt: skip
    if along == "model 0":
        ends = [0, max((value for one in metrics["per_patient"] if (value := one[figure]) is not None), default=1)]
        grey = {"color": "grey", "width": 1}
        chart.add_scatter(x=ends, y=ends, mode="lines", line=grey, hoverinfo="skip", showlegend=False)
        axis["title"] = f"{FIGURES[figure]} of model 0"

    def clicked() -> None:
        if found := st.session_state[keys.RESULTS["patients_chart"]].selection.points:
            choose(found[0]["customdata"][0])

    show_chart(
        chart, keys.RESULTS["patients_chart"], 340, clicked, xaxis=axis,
        yaxis={"title": FIGURES[figure], "rangemode": "tozero"}, showlegend=along != "models",
        clickmode="event+select",
    )  # fmt: skip
    if any(one["healthy"] for one in metrics["per_patient"]):
        st.caption("Filled: patients. Open diamonds: healthy subjects, where the figure exists for them.")


def _baselines(metrics: Metrics) -> dict[str, str | None]:
    return baselines([(row.key, row.model, row.signed) for row in model_rows(metrics)])


def _draw_list(metrics: Metrics, figure: PatientFigure, choose: Callable[[str], None]) -> None:
    names = subjects(metrics)
    rows: dict[str, dict[str, Any]] = {name: {"subject": name} for name in names}
    for one in metrics["per_patient"]:
        row = rows[one["subject"]]
        row["lesions, ml"] = None if one["healthy"] else round(one["truth_ml"], 2)
        row[one["model"]] = None if (value := one[figure]) is None else round(value, 3)

    def clicked() -> None:
        if chosen := st.session_state[keys.RESULTS["patients_list"]].selection.rows:
            choose(names[chosen[0]])

    volume = "True volume at the levels searched; none for healthy subjects."
    columns = {
        "subject": st.column_config.TextColumn("subject", pinned=True),
        **{key: st.column_config.NumberColumn(format="%.3f") for key in metrics["models"]},
        "lesions, ml": st.column_config.NumberColumn(format="%.2f", help=volume),
    }
    st.dataframe(
        list(rows.values()), hide_index=True, height=340, key=keys.RESULTS["patients_list"], on_select=clicked,
        selection_mode="single-row", column_config=columns, placeholder=NONE,
    )  # fmt: skip
