"""What the settings gave: a proposed one with how far to trust it, three charts, the preset and the table."""

import plotly.graph_objects as go
import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.viewer.charts import COLOURS, show_chart
from uad_core.detect.presets import Preset
from uad_core.evaluate.setting_study import PERCENTILES, SettingStudy, config_of, study_means, study_table
from uad_core.pipeline.postprocess import MEDIAN_SIZES

DASHES = ("dot", "dash", "solid", "dashdot", "longdash")  # one a median
STEPS = tuple(range(len(PERCENTILES)))  # evenly apart: most lies above 99
SIMULATED = "The bundled patients are simulated: they show how it works, not which setting suits your scanner."
TO_COME = (
    "You get Dice, lesions found and false volume over the percentile, a line for each model and median; the setting "
    "that did best, with what it gave on each scan when it was chosen on the others; and that setting as a preset for "
    f"the page Detect. {SIMULATED}"
)
CHARTS = {"dice": "mean Dice", "recall": "share of lesions found", "false_ml": "ml flagged that is no lesion"}


def draw(study: SettingStudy) -> None:
    """All of it."""
    for sentence in study.refused:
        st.warning(sentence, icon=":material/warning:")
    st.markdown(f"**{study.sentence}**")
    if study.simulated:
        st.warning(SIMULATED.replace("bundled patients", "patients of this cohort"), icon=":material/warning:")
    models = list(dict.fromkeys(one.setting[0] for one in study.figures))
    means = study_means(study)
    for column, (figure, title) in zip(st.columns(len(CHARTS)), CHARTS.items(), strict=True):
        with column:
            _chart(models, means[figure], title, study.best.setting[1])
    lines = ", ".join(f"{dash} {size}" for dash, size in zip(DASHES, MEDIAN_SIZES, strict=True))
    st.caption(
        f"Colour: model. Line: median ({lines}). "
        "The grey line is the proposed percentile. Means over the scans; the highest point is a best case."
    )
    chosen = load(study.best.setting[0])
    preset = Preset("Own scans", chosen.name, config_of(study.best, chosen))
    save, table = st.columns(2)
    save.download_button(
        "Save the proposed setting as a preset", preset.to_json(), "own-scans.json", "application/json",
        on_click="ignore", width="stretch", help="To load on the page Detect, or for: detect SCAN --preset FILE.",
    )  # fmt: skip
    table.download_button(
        "Table of all settings", study_table(study), "settings.tsv", "text/tab-separated-values",
        on_click="ignore", width="stretch", help="A row a setting, the best first.",
    )  # fmt: skip


def _chart(models: list[str], means: dict[tuple[str, float, int], float], title: str, proposed: float) -> None:
    figure = go.Figure()
    for colour, model in zip(COLOURS, models, strict=False):
        for dash, median in zip(DASHES, MEDIAN_SIZES, strict=True):
            values = [means[model, percentile, median] for percentile in PERCENTILES]
            figure.add_scatter(
                x=STEPS, y=values, mode="lines", name=model, legendgroup=model, showlegend=median == MEDIAN_SIZES[0],
                line={"color": colour, "dash": dash}, text=PERCENTILES,
                hovertemplate=f"{model}, median {median}: %{{y:.2f}} at %{{text}}",
            )  # fmt: skip
    figure.add_vline(x=PERCENTILES.index(proposed), line={"color": "grey", "width": 1})
    show_chart(
        figure, f"settings {title}", 300, yaxis={"title": title, "rangemode": "tozero"},
        xaxis={"title": "percentile, in the steps that were tried", "tickvals": STEPS[::2],
               "ticktext": [f"{percentile:g}" for percentile in PERCENTILES[::2]]},
    )  # fmt: skip
