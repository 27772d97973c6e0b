"""How every figure looks: colours that all eyes tell apart, one font size, PNG without a date."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito, less the yellow that white paper swallows
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
DASHES = ("-", "--", ":")
NORMAL, ANOMALOUS = "#0072B2", "#D55E00"
DPI = 110
RC: Any = {  # matplotlib types every key
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "font.family": "DejaVu Sans",
}


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the index-th model: 21 of them differ."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches; no global state of pyplot is touched."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def small_multiples(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """`count` panels of (width, height) inches, `columns` in a row, the rest of the last row left away."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in grid[count:]:
        spare.remove()
    return figure, grid[:count]


def png(figure: Figure) -> bytes:
    """The figure as PNG, the same bytes for the same figure."""
    buffer = io.BytesIO()
    with rc_context(RC):
        figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def label_all(axes: Sequence[Axes], columns: int, x: str, y: str) -> None:
    """The axis labels of small multiples: y on the left ones, x on the lowest of each column."""
    for index, panel in enumerate(axes):
        if index % columns == 0:
            panel.set_ylabel(y)
        if index + columns >= len(axes):
            panel.set_xlabel(x)
