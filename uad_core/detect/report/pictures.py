"""The pictures of a report: slices where the largest regions are widest; the residuals over those of healthy scans."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from uad_core.pipeline.lesions import regions
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import GREEN, SKY_BLUE, VERMILION
from uad_core.render.slices import crop_box, marked_png

MOST = 6  # slices
APART = 3  # levels (mm) at least between two of them, or they would show the same


@dataclass(frozen=True)
class Mark:
    """A region's number beside it; `across` and `down` are shares of the picture, `left` says on which side of it."""

    number: int
    across: float
    down: float
    left: bool

    @property
    def style(self) -> str:
        """Where it stands, as CSS."""
        side = f"right:{100 - 100 * self.across:.1f}%" if self.left else f"left:{100 * self.across:.1f}%"
        return f"{side};top:{100 * self.down:.1f}%"


@dataclass(frozen=True)
class ReportSlice:
    """A slice: its atlas level, marks of the regions on it, and two PNGs, the second with the mask over it."""

    level: int
    marks: tuple[Mark, ...]
    scan: bytes
    overlay: bytes

    def caption(self, named: int) -> str:
        """Level and regions; those up to number `named` by their numbers."""
        numbers = [str(mark.number) for mark in self.marks if mark.number <= named]
        if smaller := len(self.marks) - len(numbers):
            numbers.append(f"{smaller} smaller")
        regions = f"{'region' if len(numbers) == 1 else 'regions'} {', '.join(numbers)}"
        return f"Level {self.level}: {regions if numbers else 'nothing flagged'}"


def report_slices(reconstruction: Reconstruction, segmentation: Segmentation) -> tuple[ReportSlice, ...]:
    """Up to `MOST` slices from the lowest to the highest; where nothing is flagged, three that were searched."""
    prepared, mask = reconstruction.prepared, segmentation.mask
    voxels, numbers = regions(mask)
    rows, columns = crop_box(prepared.brain_mask)
    shown = []
    for index in _choose(mask, voxels[0], numbers) or _spread(reconstruction.searched):
        picture, flagged = prepared.array[index, rows, columns], mask[index, rows, columns]
        here = voxels[0] == index
        at = voxels[1][here] - rows.start, voxels[2][here] - columns.start
        marks = marks_beside(*at, numbers[here] + 1, picture.shape)
        level, overlay = prepared.slab.levels[index], marked_png(picture, mask=flagged)
        shown.append(ReportSlice(level, marks, marked_png(picture), overlay))
    return tuple(shown)


def marks_beside(
    rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray, shape: tuple[int, ...]
) -> tuple[Mark, ...]:
    """Each region's number on the side of it away from the middle of the picture.

    `rows`, `columns` and `numbers`: (N,) of the pixels of regions, in a picture of `shape`.
    """
    marks = []
    for number in np.unique(numbers):
        own = numbers == number
        left = bool(columns[own].mean() < shape[1] / 2)
        edge = int(columns[own].min()) if left else int(columns[own].max()) + 1
        beside = rows[own][columns[own] == (edge if left else edge - 1)].mean() + 0.5
        marks.append(Mark(int(number), edge / shape[1], float(beside) / shape[0], left))
    return tuple(marks)


def _choose(mask: np.ndarray, depths: np.ndarray, numbers: np.ndarray) -> list[int]:
    """Slices, ascending: of each region the one where it is widest, the largest regions first; then the fullest.

    The latter stand farther apart where more levels are flagged, or one large region would be shown six times.
    """
    widest = np.zeros((int(numbers.max(initial=-1)) + 1, len(mask)), np.int64)
    np.add.at(widest, (numbers, depths), 1)
    flagged = np.count_nonzero(mask, axis=(1, 2))
    fullest = [index for index in np.argsort(-flagged, kind="stable").tolist() if flagged[index]]
    chosen: list[int] = []
    for candidates, apart in ((widest.argmax(axis=1).tolist(), APART), (fullest, max(APART, len(fullest) // MOST))):
        for index in candidates:
            if len(chosen) < MOST and all(abs(index - other) >= apart for other in chosen):
                chosen.append(index)
    return sorted(chosen)


def _spread(searched: np.ndarray) -> list[int]:
    """A quarter, half and three quarters of the way up through the levels that were searched."""
    levels = np.flatnonzero(searched.any(axis=(1, 2)))
    return sorted({int(levels[len(levels) * quarter // 4]) for quarter in (1, 2, 3)}) if levels.size else []


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
        what = "residual (normalised intensity)" if reconstruction.score is None else "score"
        panel.set(xlabel=f"filtered {what}", ylabel="% of brain voxels")
        panel.legend(frameon=False, fontsize=7.5)
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
