"""How every figure looks: one font, line styles that differ in colour and dashes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from uad_core.render.colours import ON_PAPER
from uad_core.render.png import encode_figure

DASHES = ("-", "--", ":")
DPI = 110
RC: Any = {  # in force while figures are drawn; matplotlib types every key
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


def encoded(figures: Mapping[str, Figure | None]) -> dict[str, bytes | None]:
    """Each figure as PNG; None where there is nothing to draw."""
    return {name: None if figure is None else encode_figure(figure) for name, figure in figures.items()}


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the index-th model: 21 of them differ."""
    return {"color": ON_PAPER[index % len(ON_PAPER)], "linestyle": DASHES[index // len(ON_PAPER) % len(DASHES)]}


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches; no global state of pyplot is touched."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def picture_grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """(rows, columns) axes of (width, height) inches each, without frames."""
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    return figure, grid


def small_multiples(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """`count` panels of (width, height) inches, `columns` in a row, the rest of the last row left away."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in grid[count:]:
        spare.remove()
    return figure, grid[:count]


def label_all(axes: Sequence[Axes], columns: int, x: str, y: str) -> None:
    """The axis labels of small multiples: y on the left ones, x on the lowest of each column."""
    for index, panel in enumerate(axes):
        if index % columns == 0:
            panel.set_ylabel(y)
        if index + columns >= len(axes):
            panel.set_xlabel(x)
