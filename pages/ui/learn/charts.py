"""The lesson's charts. Colours of Okabe and Ito throughout; all axes carry units."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from pages.ui.viewer.charts import BINS, DASHED, show_chart
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import BLUE, GREEN, ORANGE, SKY_BLUE, VERMILION
from uad_core.teaching import Results, Sweep, VoxelExplanation


def draw_neighbours(voxel: VoxelExplanation) -> None:
    """The residuals in the window, smallest first, the middle one marked."""
    values, figure = voxel.ordered, go.Figure()
    ranks, below = list(range(1, len(values) + 1)), len(values) - voxel.above
    for name, colour, part in (
        ("below the threshold", BLUE, slice(0, below)),
        ("above", VERMILION, slice(below, None)),
    ):
        dots = {"color": colour, "size": 5}
        figure.add_scatter(x=ranks[part], y=values[part], name=name, mode="markers", marker=dots)
    figure.add_scatter(
        x=[voxel.needed], y=[voxel.median], name=f"the middle one, number {voxel.needed}", mode="markers",
        marker={"color": ORANGE, "size": 15, "symbol": "diamond", "line": {"color": "black", "width": 1}},
    )  # fmt: skip
    figure.add_hline(y=voxel.threshold, line=DASHED, annotation_text="threshold")
    show_chart(
        figure, "neighbours", 300, xaxis_title=f"the {len(values)} neighbours, in order of their residual",
        yaxis={"title": "residual (normalised intensity)", "rangemode": "tozero"},
    )  # fmt: skip


def draw_healthy(
    reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, voxel: VoxelExplanation
) -> None:
    """The healthy distribution with the threshold and the voxel in it, this scan's behind them."""
    post = config.postprocess
    healthy = reconstruction.checkpoint.calibration.histogram(post.signed, post.median_size, segmentation.reference)
    top = max(reconstruction.residual_window(post), 1.1 * voxel.median, 1.1 * segmentation.threshold)
    edges = tuple(top * k / BINS for k in range(BINS + 1))
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    figure = go.Figure()
    figure.add_bar(
        x=middles, y=100 * healthy.profile(edges), width=top / BINS, name="healthy scans", marker_line_width=0,
        marker_color=[GREEN if middle <= segmentation.threshold else VERMILION for middle in middles],
    )  # fmt: skip
    this_scan, steps = 100 * reconstruction.profile(post, edges), {"color": SKY_BLUE, "width": 2, "shape": "hvh"}
    figure.add_scatter(x=middles, y=this_scan, name="this scan", line=steps)
    figure.add_vline(x=segmentation.threshold, line=DASHED, annotation_text="threshold")
    figure.add_vline(x=voxel.median, line={"color": ORANGE, "width": 3}, annotation_text="voxel", annotation_y=0.85)
    show_chart(
        figure, "healthy", 275, bargap=0, xaxis_title="filtered residual (normalised intensity)",
        yaxis={"title": "% of brain voxels", "type": "log", "dtick": 1},
    )  # fmt: skip


def draw_found(sweeps: Sequence[Sweep], colours: Mapping[str, str], intensity: float) -> None:
    """The detectability curve: share of the lesion found over its grey, a line a model in its colour."""
    figure = _over_greys(sweeps[0], intensity)
    for sweep in sweeps:
        figure.add_scatter(
            x=[one.intensity for one in sweep.points], y=[100 * one.share for one in sweep.points],
            name=sweep.model, mode="lines+markers", line={"color": colours[sweep.model], "width": 2},
        )  # fmt: skip
    show_chart(
        figure, "found", 260, xaxis_title="grey of the lesion (normalised intensity)",
        yaxis={"title": "% of the lesion found", "range": [-3, 103]},
    )  # fmt: skip


def draw_drawn(sweeps: Sequence[Sweep], colours: Mapping[str, str], intensity: float) -> None:
    """What is drawn over what was painted: the gap to the diagonal is the residual."""
    figure, greys = _over_greys(sweeps[0], intensity), [one.intensity for one in sweeps[0].points]
    figure.add_scatter(x=greys, y=greys, name="painted", line=DASHED)
    for sweep in sweeps:
        drawn = [one.drawn for one in sweep.points]
        figure.add_scatter(x=greys, y=drawn, name=sweep.model, line={"color": colours[sweep.model], "width": 2})
    across, up = "grey of the lesion, as painted", "mean grey that the model draws there"
    show_chart(figure, "drawn", 340, xaxis_title=across, yaxis_title=up)


def draw_scores(table: Results, column: str) -> None:
    """Measured scores as bars; model 0 stands out."""
    scores = dict(sorted(table.scores(column).items(), key=lambda item: item[1]))
    colours = [VERMILION if "intensity" in name else BLUE for name in scores]
    figure = go.Figure(go.Bar(x=list(scores.values()), y=list(scores), orientation="h", marker_color=colours))
    show_chart(figure, "scores", 60 + 24 * len(scores), xaxis={"title": column, "rangemode": "tozero"})


def _over_greys(sweep: Sweep, intensity: float) -> go.Figure:
    """A chart in which the grey of healthy tissue and that of the lesion are marked."""
    figure, dotted = go.Figure(), {"color": GREEN, "dash": "dot", "width": 2}
    figure.add_vline(x=sweep.healthy, line=dotted, annotation_text="healthy tissue", annotation_position="top left")
    figure.add_vline(x=intensity, line={"color": "grey", "width": 1})
    return figure
