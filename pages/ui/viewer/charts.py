"""The app's charts: what all share (colours, margins, legend, no tool bar), and the histogram with its threshold.

That one is a component of our own, as a plotly chart does not tell Streamlit where a line was dragged to.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.shell import keys
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import BLUE, GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE)  # of lines
DASHED = {"color": "grey", "width": 2, "dash": "dash"}
BINS = 80
FLOOR = 1e-3  # per cent of voxels at the foot of the logarithmic axis

_histogram = st.components.v2.component(
    "uad_histogram",
    html='<div class="histogram"></div>',
    css=(Path(__file__).parent / "histogram.css").read_text(),
    js=(Path(__file__).parent / "histogram.js").read_text(),
)


def show_chart(
    figure: go.Figure, key: str, height: int, on_points: Callable[[], None] | None = None, **layout: Any
) -> None:
    """Draw a plotly figure; `height` in screen pixels, `layout` as in `update_layout`.

    Args:
        on_points: called when points were clicked on; they are then in the session's state under `key`.
    """
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "font_size": 11}
    figure.update_layout(height=height, margin={"l": 10, "r": 10, "t": 10, "b": 10}, legend=legend)
    figure.update_yaxes(exponentformat="power")  # plotly's own would be "100 \N{GREEK SMALL LETTER MU}"
    figure.update_layout(**layout)
    st.plotly_chart(
        figure, width="stretch", config={"displayModeBar": False}, key=key, on_select=on_points or "ignore",
        selection_mode="points",
    )  # fmt: skip


def show_histogram(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    on_threshold: Callable[[float, float], None],
) -> None:
    """This scan's filtered residuals over those of healthy scans.

    Args:
        on_threshold: called before the next run with the threshold that the line was dragged to, and its percentile.
    """
    post, calibration = config.postprocess, reconstruction.checkpoint.calibration
    healthy = calibration.histogram(post.signed, post.median_size, segmentation.reference)
    top = max(reconstruction.residual_window(post), min(1.25 * segmentation.threshold, 1.0))
    edges = tuple(top * k / BINS for k in range(BINS + 1))
    scores = reconstruction.score is not None
    kind = "simulated" if calibration.references[segmentation.reference].simulated else "real"
    share = 100 * segmentation.flagged_ml / max(segmentation.searched_ml, 1e-9)
    data = {
        "scan": [round(100 * float(share), 5) for share in reconstruction.profile(post, edges)],
        "healthy": [round(100 * float(share), 5) for share in healthy.profile(edges)],
        "reference": f"healthy ({kind}: {segmentation.reference})",
        "threshold": segmentation.threshold,
        "what": "score" if scores else "residual (normalised intensity)",
        "top": top,
        "floor": FLOOR,
        "height": 260,
        "answers": st.session_state.get(keys.ANSWERS, 0),  # one that leaves all else as it was moves the line as well
        "share": f"{share:.2f} % of this scan flagged, {100 - segmentation.percentile:.2f} % of healthy ones above",
    }

    def dragged() -> None:
        if wanted := st.session_state[keys.HISTOGRAM].get("threshold"):
            st.session_state[keys.ANSWERS] = st.session_state.get(keys.ANSWERS, 0) + 1
            on_threshold(float(wanted["value"]), healthy.percentile(float(wanted["value"])))

    _histogram(key=keys.HISTOGRAM, data=data, on_threshold_change=dragged, height="content")
