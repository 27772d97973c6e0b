"""What the page Compare shows: models side by side, their agreement, their residuals, a table."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from pages.ui.inputs.settings import median_slider, percentile_slider
from pages.ui.viewer.charts import COLOURS, DASHED, show_chart
from pages.ui.viewer.display import to_level
from pages.ui.viewer.viewer import Listeners, Panel, PanelLayout, show_panels
from uad_core.detect.lights import stamp_of
from uad_core.evaluate.metrics import dice
from uad_core.io.volume import Mask
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.quality import Check
from uad_core.render.colours import vote_colour
from uad_core.render.overlays import grey_png
from uad_core.render.readout import file_values
from uad_core.render.slices import residual_picture
from uad_core.render.views import Overlay, agreement_view, overlay_view, scan_view

BINS, TOP = 60, 3.0  # of the histograms, up to so many times the threshold


class Compared(NamedTuple):
    """One model's part."""

    reconstruction: Reconstruction
    segmentation: Segmentation
    config: DetectConfig
    lights: tuple[Check, ...]


def own_settings(checkpoints: Sequence[Checkpoint], smallest: float) -> list[DetectConfig]:
    """A percentile and a median for each model, in a column of its own; the smallest lesion in mm3 is shared."""
    settings = []
    for column, checkpoint in zip(st.columns(len(checkpoints)), checkpoints, strict=True):
        (percentile_key, size_key), of = own_keys(checkpoint), f", {checkpoint.name}"
        percentile = percentile_slider(column, percentile_key, checkpoint.spec.percentile, of, persist_state="session")
        size = median_slider(column, size_key, of=of, persist_state="session")
        settings.append(setting_for(checkpoint, percentile, size, smallest))
    return settings


def own_keys(checkpoint: Checkpoint) -> tuple[str, str]:
    """Under which `own_settings` keeps a model's percentile and median."""
    return f"percentile_{checkpoint.name}", f"median_size_{checkpoint.name}"


def setting_for(checkpoint: Checkpoint, percentile: float, size: int, smallest: float) -> DetectConfig:
    """A setting with the residual that suits the model."""
    post = PostprocessConfig(checkpoint.spec.signed, size, min_lesion_mm3=smallest)
    return DetectConfig(percentile, postprocess=post)


def draw_models(compared: Sequence[Compared], level: int, truth: Mask | None) -> None:
    """A column a model, as the paper's Fig. 4: its segmentation, and the filtered residual below."""
    prepared = compared[0].reconstruction.prepared
    slab, index = prepared.slab, level - prepared.slab.first
    scan, values = scan_view(prepared, index), file_values(prepared, "axial", index)  # all models see the same scan
    above: list[Panel] = []
    below: list[Panel] = []
    for one, result, config, lights in compared:
        doubt = " (did not learn)" if one.checkpoint.learned is False else ""
        above.append(Panel(scan, f"{one.checkpoint.name}{doubt}: {result.flagged_ml:.1f} ml",
                           overlay_view(prepared, index, Overlay(result.mask, truth)),
                           stamp=stamp_of(lights), values=None if above else values))  # fmt: skip
        what = "residual" if one.score is None else "score"
        title = f"{config.postprocess.signed} {what} above {result.threshold:.3f}"
        below.append(Panel(grey_png(residual_picture(one, config.postprocess, index)), title, windowed=False))
    show_panels([*above, *below], "compared", PanelLayout(205, len(above), level, slab.levels), Listeners(to_level))


def draw_sentences(compared: Sequence[Compared]) -> None:
    """What each model does, and where it fails, below its column."""
    for column, (one, *_) in zip(st.columns(len(compared)), compared, strict=True):
        spec = one.checkpoint.spec
        column.caption(f"**{one.checkpoint.name}**: {spec.idea} {spec.weakness}")


def draw_agreement(compared: Sequence[Compared], level: int) -> None:
    """How many models flag each pixel of the slice."""
    prepared, models = compared[0].reconstruction.prepared, len(compared)
    masks = [one.segmentation.mask for one in compared]
    scan, votes = agreement_view(prepared, masks, level - prepared.slab.first)
    layout = PanelLayout(280, level=level, levels=prepared.slab.levels, tools=False)
    doubt = stamp_of(light for one in compared for light in one.lights)
    show_panels([Panel(scan, "", votes, stamp=doubt)], "agreement", layout, Listeners(to_level))
    marks = [f'<span style="color:rgb{vote_colour(n, models)}">&#9632;</span> {n}' for n in range(1, models + 1)]
    st.caption("Flagged by so many models: " + " ".join(marks), unsafe_allow_html=True)


def draw_histograms(compared: Sequence[Compared]) -> None:
    """Filtered residuals of all models in one chart, each in units of its own threshold."""
    steps = [TOP * k / BINS for k in range(BINS + 1)]
    middles = [(low + high) / 2 for low, high in pairwise(steps)]
    figure = go.Figure()
    for colour, (one, result, config, _) in zip(COLOURS, compared, strict=False):
        share = 100 * one.profile(config.postprocess, tuple(step * max(result.threshold, 1e-6) for step in steps))
        line = {"color": colour, "width": 2, "shape": "hvh"}
        figure.add_scatter(x=middles, y=share, name=one.checkpoint.name, line=line)
    figure.add_vline(x=1, line=DASHED)
    show_chart(
        figure, "histograms", 320, xaxis_title="filtered residual / its threshold",
        yaxis={"title": "% of brain voxels", "type": "log", "dtick": 1},
    )  # fmt: skip


WIDTHS = {"ml": 52, "healthy ml": 76, "regions": 62, "overlap": 62, "Dice": 52, "s": 44}  # px; the rest is the model's


def draw_table(compared: Sequence[Compared], truth: Mask | None) -> None:
    """Volume, overlap and time of every model."""
    first = compared[0]
    rows = [
        {
            "model": one.checkpoint.name,
            "ml": round(result.flagged_ml, 2),
            "healthy ml": round(result.healthy_ml, 2),
            "regions": len(result.lesions),
            "overlap": round(dice(result.mask, first.segmentation.mask), 2),
            **({} if truth is None else {"Dice": round(dice(result.mask, truth), 2)}),
            "s": round(one.seconds, 1),
        }
        for one, result, *_ in compared
    ]
    help_texts = {
        "ml": "Flagged volume, millilitres.",
        "healthy ml": "What the same threshold flags in as much healthy brain, millilitres.",
        "overlap": f"Dice with the mask of {first.reconstruction.checkpoint.name}.",
        "Dice": "With the reference mask, at these levels.",
        "s": "Seconds taken by the model for this scan.",
    }
    columns = {name: st.column_config.Column(name, help=help_texts.get(name), width=px) for name, px in WIDTHS.items()}
    st.dataframe(rows, hide_index=True, column_config=columns)
