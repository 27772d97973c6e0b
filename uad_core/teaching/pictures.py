"""The lesson's pictures that no other page has; cropped to the brain like those of `uad_core.render.views`."""

import numpy as np

from uad_core.atlas.space import PAPER_SLAB
from uad_core.atlas.template import template
from uad_core.preprocess import Prepared
from uad_core.render.colours import OLD_COLOUR
from uad_core.render.overlays import grey_png, overlay_png, stack
from uad_core.render.slices import crop_box, grid_png
from uad_core.render.views import Voxel
from uad_core.teaching.paint import PaintedLesion, paint
from uad_core.teaching.sweep import Sweep

NEAR_PX = 32  # half the edge of a close-up


def voxel_pixel(prepared: Prepared, voxel: Voxel) -> tuple[int, int]:
    """(column, row) of a slab's voxel in the cropped picture of its slice; the way back of `views.slice_voxel`."""
    rows, columns = crop_box(prepared.brain_mask)
    return voxel[2] - columns.start, voxel[1] - rows.start


def painted_view(prepared: Prepared, lesion: PaintedLesion, intensity: float, index: int) -> tuple[bytes, bytes, bytes]:
    """PNGs of slice `index` with the painted lesion, of the lesion's outline as an overlay, and of the close-up."""
    painted, truth = paint(prepared, lesion, intensity)
    box, near = (index, *crop_box(prepared.brain_mask)), (index, *_close_up(prepared, lesion))
    outline = overlay_png(np.zeros_like(truth[box]), truth[box])
    return grey_png(painted.array[box]), outline, grey_png(painted.array[near])


def found_view(prepared: Prepared, lesion: PaintedLesion, sweep: Sweep, number: int, index: int) -> bytes:
    """An overlay of the close-up of slice `index`: vermilion what is flagged with the lesion in grey `number` of the
    sweep and was not before, yellow what was, sky blue the lesion's outline.
    """
    near = (index, *_close_up(prepared, lesion))
    mask, before = sweep.points[number].mask(sweep.truth.shape)[near], sweep.before[near]
    old = overlay_png(mask & before, colour=OLD_COLOUR, opacity=0.5)
    new = overlay_png(mask & ~before, sweep.truth[near], opacity=0.65)
    return stack(old, new)


def close_up_voxel(prepared: Prepared, lesion: PaintedLesion, index: int, column: int, row: int) -> Voxel:
    """The voxel of slice `index` that a pixel of the close-up shows."""
    rows, columns = _close_up(prepared, lesion)
    return index, rows.start + row, columns.start + column


def _close_up(prepared: Prepared, lesion: PaintedLesion) -> tuple[slice, slice]:
    """Rows and columns around the lesion, within the slice."""
    ends = zip(lesion.centre[1:], prepared.array.shape[1:], strict=True)
    top, left = (max(min(at - NEAR_PX, length - 2 * NEAR_PX), 0) for at, length in ends)
    return slice(top, top + 2 * NEAR_PX), slice(left, left + 2 * NEAR_PX)


def montage(slices: np.ndarray, columns: int) -> bytes:
    """(N, 256, 256) slices, `columns` in a row, cropped to where the atlas has brain at the paper's levels."""
    rows, widths = crop_box(template().tissues_in(PAPER_SLAB) > 0)
    return grid_png(slices[:, rows, widths], columns)
