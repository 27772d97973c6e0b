"""The residual histogram with the threshold as a line to drag: the handle of a segmentation workstation.

A component of our own, because a plotly chart does not tell Streamlit where a shape was dragged to.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.ui.shell import keys
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation

BINS = 80
FLOOR = 1e-3  # per cent of voxels at the foot of the logarithmic axis

_component = st.components.v2.component(
    "uad_histogram",
    html='<div class="histogram"></div>',
    css=(Path(__file__).parent / "histogram.css").read_text(),
    js=(Path(__file__).parent / "histogram.js").read_text(),
)


def show_histogram(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    on_threshold: Callable[[float], None],
    height: int = 260,
) -> None:
    """This scan's filtered residuals over those of healthy scans.

    Args:
        on_threshold: called before the next run with the threshold that the line was dragged to.
        height: in screen pixels.
    """
    post = config.postprocess
    calibration = reconstruction.checkpoint.calibration
    healthy = calibration.histogram(post.signed, post.median_size, segmentation.reference)
    top = max(reconstruction.residual_window(post), min(1.25 * segmentation.threshold, 1.0))
    edges = tuple(top * k / BINS for k in range(BINS + 1))
    kind = "simulated" if calibration.references[segmentation.reference].simulated else "real"
    share = 100 * segmentation.flagged_ml / max(segmentation.searched_ml, 1e-9)
    data = {
        "scan": [round(100 * float(share), 5) for share in reconstruction.profile(post, edges)],
        "healthy": [round(100 * float(share), 5) for share in healthy.profile(edges)],
        "reference": f"healthy ({kind}: {segmentation.reference})",
        "threshold": segmentation.threshold,
        "top": top,
        "floor": FLOOR,
        "height": height,
        "share": f"{share:.2f} % of this scan flagged, {100 - segmentation.percentile:.2f} % of healthy ones above",
    }

    def dragged() -> None:
        if wanted := st.session_state[keys.HISTOGRAM].get("threshold"):
            on_threshold(float(wanted["value"]))

    _component(key=keys.HISTOGRAM, data=data, on_threshold_change=dragged, height="content")
