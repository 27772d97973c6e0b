"""The residuals of the scan over those of healthy scans, with the threshold, as an SVG to be put into a page."""

import io
from typing import Any

import numpy as np

from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import GREEN, SKY_BLUE, VERMILION

BINS = 80
FLOOR = 1e-3  # per cent of voxels at the foot of the logarithmic axis
RC: Any = {  # matplotlib types every key
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "uad_core",  # the same names inside for the same figure
}
NO_METADATA: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def histogram_svg(reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig) -> str:
    """The `<svg>` element, about 3.6 x 2 inches; the last bin holds what lies above it too."""
    # here, since the app opens without matplotlib, which takes 0.5 s to load
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    post, calibration = config.postprocess, reconstruction.checkpoint.calibration
    healthy = calibration.histogram(post.signed, post.median_size, segmentation.reference)
    kind = "simulated" if calibration.references[segmentation.reference].simulated else "real"
    top = max(reconstruction.residual_window(post), 1.25 * segmentation.threshold)
    edges = tuple(np.linspace(0, top, BINS + 1).tolist())
    buffer = io.StringIO()
    with rc_context(RC):
        figure = Figure(figsize=(3.6, 2.0))
        panel = figure.add_axes((0.165, 0.195, 0.815, 0.765))  # a layout engine would take longer than all the rest
        shares = 100 * reconstruction.profile(post, edges)
        panel.stairs(np.maximum(shares, FLOOR), edges, fill=True, color=SKY_BLUE, baseline=FLOOR, label="this scan")
        line = np.maximum(100 * healthy.profile(edges), FLOOR)
        panel.stairs(line, edges, color=GREEN, linewidth=1.4, baseline=FLOOR, label=f"healthy ({kind})")
        panel.axvline(segmentation.threshold, color=VERMILION, linewidth=1.4, linestyle="--", label="threshold")
        panel.set(yscale="log", xlim=(0, top), ylim=(FLOOR, 100))
        panel.set_yticks([0.001, 0.01, 0.1, 1, 10, 100], ["0.001", "0.01", "0.1", "1", "10", "100"])
        panel.set_yticks([], minor=True)
        panel.set(xlabel="filtered residual (normalised intensity)", ylabel="% of brain voxels")
        panel.legend(frameon=False, fontsize=7.5)
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
