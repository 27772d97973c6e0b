"""The lesson's charts. Colours of Okabe and Ito throughout; all axes carry units."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from pages.ui.viewer.charts import show_chart
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import BLUE, GREEN, ORANGE, SKY_BLUE, VERMILION
from uad_core.teaching import Results, Sweep, VoxelExplanation

BINS = 80


def draw_neighbours(voxel: VoxelExplanation, height: int = 300) -> None:
    """The residuals in the window, smallest first, the middle one marked."""
    values = [float(value) for value in voxel.ordered]
    ranks = list(range(1, len(values) + 1))
    middle = voxel.needed
    figure = go.Figure()
    for name, colour, first, last in (
        ("below the threshold", BLUE, 0, len(values) - voxel.above),
        ("above", VERMILION, len(values) - voxel.above, len(values)),
    ):
        figure.add_scatter(
            x=ranks[first:last], y=values[first:last], name=name, mode="markers", marker={"color": colour, "size": 5}
        )
    figure.add_scatter(
        x=[middle], y=[voxel.median], name=f"the middle one, number {middle}", mode="markers",
        marker={"color": ORANGE, "size": 15, "symbol": "diamond", "line": {"color": "black", "width": 1}},
    )  # fmt: skip
    figure.add_hline(y=voxel.threshold, line={"color": "grey", "dash": "dash", "width": 2}, annotation_text="threshold")
    figure.update_xaxes(title=f"the {len(values)} neighbours, in order of their residual")
    figure.update_yaxes(title="residual (normalised intensity)", rangemode="tozero")
    show_chart(figure, "neighbours", height)


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
    figure.add_scatter(
        x=middles, y=100 * reconstruction.profile(post, edges), name="this scan",
        line={"color": SKY_BLUE, "width": 2, "shape": "hvh"},
    )  # fmt: skip
    figure.add_vline(
        x=segmentation.threshold, line={"color": "grey", "dash": "dash", "width": 2}, annotation_text="threshold"
    )
    figure.add_vline(x=voxel.median, line={"color": ORANGE, "width": 3}, annotation_text="voxel", annotation_y=0.85)
    figure.update_xaxes(title="filtered residual (normalised intensity)")
    figure.update_yaxes(title="% of brain voxels", type="log", dtick=1)
    show_chart(figure, "healthy", 275, bargap=0)


def draw_found(sweeps: Sequence[Sweep], colours: Mapping[str, str], intensity: float) -> None:
    """The detectability curve: share of the lesion found over its grey, a line a model in its colour."""
    figure = go.Figure()
    for sweep in sweeps:
        figure.add_scatter(
            x=[one.intensity for one in sweep.points], y=[100 * one.share for one in sweep.points],
            name=sweep.model, mode="lines+markers", line={"color": colours[sweep.model], "width": 2},
        )  # fmt: skip
    _mark_greys(figure, sweeps[0], intensity)
    figure.update_xaxes(title="grey of the lesion (normalised intensity)")
    figure.update_yaxes(title="% of the lesion found", range=[-3, 103])
    show_chart(figure, "found", 260)


def draw_drawn(sweeps: Sequence[Sweep], colours: Mapping[str, str], intensity: float) -> None:
    """What is drawn over what was painted: the gap to the diagonal is the residual."""
    figure = go.Figure()
    greys = [one.intensity for one in sweeps[0].points]
    figure.add_scatter(x=greys, y=greys, name="painted", line={"color": "grey", "dash": "dash", "width": 2})
    for sweep in sweeps:
        drawn = [one.drawn for one in sweep.points]
        figure.add_scatter(x=greys, y=drawn, name=sweep.model, line={"color": colours[sweep.model], "width": 2})
    _mark_greys(figure, sweeps[0], intensity)
    figure.update_xaxes(title="grey of the lesion, as painted")
    figure.update_yaxes(title="mean grey that the model draws there")
    show_chart(figure, "drawn", 340)


def draw_scores(table: Results, column: str) -> None:
    """Measured scores as bars; model 0 stands out."""
    scores = dict(sorted(table.scores(column).items(), key=lambda item: item[1]))
    colours = [VERMILION if "intensity" in name else BLUE for name in scores]
    figure = go.Figure(go.Bar(x=list(scores.values()), y=list(scores), orientation="h", marker_color=colours))
    figure.update_xaxes(title=column, rangemode="tozero")
    show_chart(figure, "scores", 60 + 24 * len(scores))


def _mark_greys(figure: go.Figure, sweep: Sweep, intensity: float) -> None:
    figure.add_vline(
        x=sweep.healthy, line={"color": GREEN, "dash": "dot", "width": 2}, annotation_text="healthy tissue",
        annotation_position="top left",
    )  # fmt: skip
    figure.add_vline(x=intensity, line={"color": "grey", "width": 1})
