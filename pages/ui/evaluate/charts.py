"""The charts of an evaluation: residuals as in the paper's Fig. 6, precision-recall, Dice over percentile."""

from pathlib import Path

import pandas  # noqa: F401  # whole, before two sessions draw at once: plotly would look into half a one
import plotly.graph_objects as go
import streamlit as st

from pages.ui.viewer.charts import COLOURS, DASHED, show_chart
from uad_core.evaluate.glossary import percentiles
from uad_core.evaluate.metrics_file import Curves, Metrics, model_rows
from uad_core.evaluate.records import operating_point, visible
from uad_core.render.colours import ANOMALOUS, NORMAL
from uad_core.render.html import render_html

DASHES = ("solid", "dash", "dot")
LINES = {"solid": "\u2501\u2501", "dash": "\u254d\u254d", "dot": "\u2505\u2505"}  # the same in letters
LABELLED = ("80", "90", "95", "98", "99", "99.5", "99.9")  # percentiles, as far apart as their numbers are wide


def style(index: int) -> dict[str, str | int]:
    """Colour and dashes of the index-th row of the table: 18 of them differ."""
    return {"color": COLOURS[index % len(COLOURS)], "dash": DASHES[index // len(COLOURS) % len(DASHES)], "width": 2}


@st.fragment
def draw_residuals(metrics: Metrics, curves: Curves) -> None:
    """Fig. 6 for one model: how normal and anomalous voxels overlap, and where the threshold lies."""
    st.markdown("**Normal and anomalous voxels**")
    key = st.selectbox(
        "Model", list(curves["models"]), key="eval_histogram", help="The paper's Fig. 6 for one model: filtered "
        "residuals in normalised intensity (of intensity: ranks in the scan). What overlaps no threshold separates.",
    )  # fmt: skip
    counts = curves["models"][key]
    threshold = next(row.threshold for row in model_rows(metrics) if row.key == key)
    bins = len(counts["normal"])
    middles = [(index + 0.5) / bins for index in range(bins)]
    figure = go.Figure()
    for kind, voxels, colour in (("normal", counts["normal"], NORMAL), ("anomalous", counts["anomalous"], ANOMALOUS)):
        total = sum(voxels)
        shares = [100 * count / total if count else None for count in voxels]  # None: a gap, as the axis is a log
        figure.add_scatter(
            x=middles, y=shares, name=kind, fill="tozeroy", line={"color": colour, "shape": "hvh"},
            hovertemplate="%{x:.2f}: %{y:.2f} %",
        )  # fmt: skip
    if threshold is not None:
        figure.add_vline(x=threshold, line=DASHED)
    top = visible(counts["normal"], counts["anomalous"], threshold)
    show_chart(
        figure, "eval_histogram_chart", 260, uirevision=key, xaxis={"title": "filtered residual", "range": [0, top]},
        yaxis={"title": "% of voxels", "type": "log", "dtick": 1},
    )  # fmt: skip
    st.caption(f"Dashed: threshold {threshold:.4f}, from healthy scans." if threshold is not None else "No threshold.")


def draw_legend(curves: Curves) -> None:
    """Which line is whose, for the charts of all models."""
    styles = [(key, style(index)) for index, key in enumerate(curves["models"])]
    lines = [{"name": key, "colour": line["color"], "mark": LINES[str(line["dash"])]} for key, line in styles]
    st.html(render_html(Path(__file__).parent / "legend.html", lines=lines))


def draw_precision_recall(metrics: Metrics, curves: Curves) -> None:
    """All thresholds of all models, voxels of all patients pooled; a dot where the working threshold lies."""
    st.markdown("**Precision and recall**")
    figure, thresholds = go.Figure(), {row.key: row.threshold for row in model_rows(metrics)}
    for index, (key, curve) in enumerate(curves["models"].items()):
        line = style(index)
        figure.add_scatter(
            x=curve["recall"], y=curve["precision"], name=key, line=line, customdata=curve["threshold"],
            hovertemplate="recall %{x:.2f}, precision %{y:.2f}<br>threshold %{customdata:.4f}",
        )  # fmt: skip
        if point := operating_point(curve, thresholds[key]):
            figure.add_scatter(
                x=[point[0]], y=[point[1]], mode="markers", marker={"color": line["color"], "size": 9}, name=key,
                hovertemplate="at the healthy threshold:<br>recall %{x:.2f}, precision %{y:.2f}",
            )  # fmt: skip
    if (chance := metrics["auprc_chance"]) is not None:
        figure.add_hline(y=chance, line={"color": "grey", "width": 1, "dash": "dash"})
    show_chart(
        figure, "eval_precision_recall", 345, showlegend=False, xaxis={"title": "recall", "range": [0, 1]},
        yaxis={"title": "precision", "range": [0, 1.02]},
    )  # fmt: skip
    st.caption("Voxels of all patients pooled; level grey dashes: chance. Dots: the threshold from healthy scans.")


def draw_dice(metrics: Metrics) -> None:
    """What the choice of the percentile costs, those used marked; the axis is the healthy share flagged."""
    st.markdown("**Dice over percentile**")
    figure, ticks = go.Figure(), dict[float, str]()
    for index, row in enumerate(model_rows(metrics)):
        if row.dice_by_percentile:
            shares = {100 - float(percentile): percentile for percentile in row.dice_by_percentile}
            ticks |= {share: label for share, label in shares.items() if label in LABELLED}
            figure.add_scatter(
                x=list(shares), y=list(row.dice_by_percentile.values()), name=row.key, line=style(index),
                mode="lines+markers", customdata=list(shares.values()),
                hovertemplate="percentile %{customdata}: Dice %{y:.3f}",
            )  # fmt: skip
    if not ticks:
        st.info("No row has a threshold from healthy scans, so there is no Dice over percentiles.")
        return
    used = {one for row in model_rows(metrics) if (one := row.percentile) is not None and one < 100}
    for percentile in used:
        figure.add_vline(x=100 - percentile, line=DASHED)
    axis = {"title": "percentile of healthy residuals", "type": "log", "autorange": "reversed",
            "tickvals": list(ticks), "ticktext": list(ticks.values()), "tickangle": 0}  # fmt: skip
    up = {"title": "Dice, mean over patients", "rangemode": "tozero"}
    show_chart(figure, "eval_dice", 345, showlegend=False, xaxis=axis, yaxis=up)
    st.caption(
        f"Dashed: what was used, {percentiles(metrics)}. No percentile looks at lesion masks; to pick the best of them "
        "here would."
    )
