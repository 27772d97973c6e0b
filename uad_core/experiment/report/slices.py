"""Figures made of slices: row 0 anterior, column 0 the patient's right, R marked."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uad_core.experiment.contents import ModelCard, Realism, SlicePanel
from uad_core.experiment.report.style import picture_grid, small_multiples
from uad_core.render.colours import MASK_COLOUR, TRUTH_COLOUR
from uad_core.render.slices import GREY_WINDOW

MASK, TRUTH = (np.array(colour) / 255 for colour in (MASK_COLOUR, TRUTH_COLOUR))
OPACITY, TITLE = 0.6, 7.5  # of the mask; points
IN_A_BAND = 5  # models side by side
PANEL = 2.05  # inches, so that a voxel is more than a pixel


def comparison(panels: Sequence[SlicePanel]) -> Figure:
    """Fig. 4: scan and truth on the left, each model's filtered residual over its segmentation."""
    bands = [panels[first : first + IN_A_BAND] for first in range(0, len(panels), IN_A_BAND)]
    figure, grid = picture_grid(2 * len(bands), 1 + len(bands[0]), PANEL, _height(PANEL, panels[0].scan, 0.14))
    for band, shown in enumerate(bands):
        top, bottom = grid[2 * band], grid[2 * band + 1]
        _show(top[0], _grey(shown[0].scan), "scan")
        _show(bottom[0], _grey(shown[0].scan), "truth (outline)")
        _outline(bottom[0], shown[0].truth)
        for column, panel in enumerate(shown, 1):
            _residual(top[column], panel, panel.key)
            _segmentation(bottom[column], panel, panel.note)
    return figure


def reconstructions(scan: SlicePanel, panels: Sequence[SlicePanel]) -> Figure:
    """The scan, and the same slice as each model would have it."""
    shown = [replace(scan, key="scan"), *panels]
    figure, axes = small_multiples(len(shown), IN_A_BAND + 1, PANEL, _height(PANEL, scan.scan, 0.14))
    for place, panel in zip(axes, shown, strict=True):
        _show(place, _grey(panel.scan), panel.key)
    return figure


def one_row_each(panels: Sequence[SlicePanel]) -> Figure:
    """Scan with the truth's outline, filtered residual and segmentation, a row a model."""
    figure, grid = picture_grid(-(-len(panels) // 2), 6, PANEL, _height(PANEL, panels[0].scan, 0.14))
    for index, panel in enumerate(panels):
        axes = grid[index // 2][3 * (index % 2) : 3 * (index % 2) + 3]
        _show(axes[0], _grey(panel.scan), f"{panel.key}: {panel.subject}")
        _outline(axes[0], panel.truth)
        _residual(axes[1], panel, "")
        _segmentation(axes[2], panel, panel.note)
    return figure


def lesion_row(panels: Sequence[SlicePanel]) -> Figure:
    """Scan on top, the same with the truth's outline below; the lesion that is meant is the panel's mask."""
    figure, grid = picture_grid(2, len(panels), 1.9, _height(1.8, panels[0].scan, 0.2))
    for column, panel in enumerate(panels):
        _show(grid[0][column], _grey(panel.scan), panel.note)
        _show(grid[1][column], _grey(panel.scan), panel.subject)
        _outline(grid[1][column], panel.truth)
        if panel.mask is not None:
            _outline(grid[1][column], panel.mask, MASK)
    return figure


def samples(cards: Sequence[ModelCard]) -> Figure | None:
    """Fig. 5: slices drawn from each prior, a row a model; None where no model has one."""
    drawn = [(card.name, card.samples) for card in cards if card.samples is not None]
    if not drawn:
        return None
    columns = max(len(slices) for _, slices in drawn)
    figure, grid = picture_grid(len(drawn), columns, 1.35 + 0.4 / columns, 1.42)
    for row, (name, slices) in enumerate(drawn):
        for axes, picture in zip(grid[row], slices, strict=False):
            _show(axes, _grey(picture), "", marked=False)
        left = grid[row][0]
        left.text(-0.06, 0.5, name, transform=left.transAxes, rotation=90, va="center", ha="right", fontsize=9)
    return figure


def side_by_side(realism: Realism) -> Figure:
    """A row of slices for each cohort, in one grey window."""
    columns = max(len(slices) for slices in realism.slices.values())
    first = next(iter(realism.slices.values()))[0]
    figure, grid = picture_grid(len(realism.slices), columns, 1.6, _height(1.55, first, 0.2))
    for row, (name, slices) in zip(grid, realism.slices.items(), strict=True):
        kind = "simulated" if name in realism.simulated else "real"
        for axes, picture in zip(row, slices, strict=False):
            _show(axes, _grey(picture), "")
        row[0].set_title(f"{kind}: {name}", fontsize=TITLE, pad=2, loc="left")
    return figure


def _height(width: float, picture: np.ndarray, title: float) -> float:
    """Of a panel with a title, all in inches."""
    return width * picture.shape[0] / picture.shape[1] + title


def _residual(axes: Axes, panel: SlicePanel, title: str) -> None:
    if panel.values is None:
        return
    shown = ((panel.values - panel.black) / max(panel.white - panel.black, 1e-6)).clip(0, 1)
    _show(axes, np.repeat(shown[..., None], 3, axis=2), title)
    window = f"{panel.black:.3g} to {panel.white:.3g}"
    axes.text(0.98, 0.02, window, transform=axes.transAxes, color="w", fontsize=7, ha="right")


def _segmentation(axes: Axes, panel: SlicePanel, title: str) -> None:
    if panel.mask is None:
        _show(axes, _grey(panel.scan), title)
        axes.text(0.5, 0.02, "no threshold", transform=axes.transAxes, color="w", fontsize=7, ha="center")
        return
    colours = _grey(panel.scan)
    colours[panel.mask] += OPACITY * (MASK - colours[panel.mask])
    _show(axes, colours, title)
    _outline(axes, panel.truth)


def _outline(axes: Axes, mask: np.ndarray, colour: np.ndarray = TRUTH) -> None:
    if mask.any():
        axes.contour(mask.astype(float), levels=[0.5], colors=[tuple(colour)], linewidths=0.6)


def _grey(picture: np.ndarray) -> np.ndarray:
    low, high = GREY_WINDOW
    scaled = ((picture - low) / (high - low)).clip(0, 1).astype(np.float64)
    return np.repeat(scaled[..., None], 3, axis=2)


def _show(axes: Axes, colours: np.ndarray, title: str, marked: bool = True) -> None:
    axes.set_axis_off()
    axes.imshow(colours, interpolation="antialiased", aspect="equal")
    if title:
        axes.set_title(title, fontsize=TITLE, pad=2)
    if marked:
        axes.text(0.01, 0.5, "R", transform=axes.transAxes, color="w", fontsize=8, va="center")
