"""The lesson's pictures that no other page has; cropped to the brain like those of `uad_core.views`."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from uad_core.atlas import PAPER_SLAB, SLICE_SHAPE, template
from uad_core.planes import grey_png, overlay_png
from uad_core.preprocess import Prepared
from uad_core.render import GREY_WINDOW, crop_box, grid_png
from uad_core.teaching.detectability import Sweep
from uad_core.teaching.paint import Spot, paint

OLD_COLOUR = (240, 228, 66)  # yellow of Okabe and Ito


def voxel_pixel(prepared: Prepared, voxel: tuple[int, int, int]) -> tuple[int, int]:
    """(column, row) of a slab's voxel in the cropped picture of its slice; the way back of `views.slice_voxel`."""
    rows, columns = crop_box(prepared.brain_mask)
    return voxel[2] - columns.start, voxel[1] - rows.start


def painted_view(prepared: Prepared, spot: Spot, intensity: float, index: int) -> tuple[bytes, bytes]:
    """PNGs of slice `index` with the painted lesion, and an overlay with its outline."""
    box = (index, *crop_box(prepared.brain_mask))
    painted, truth = paint(prepared, spot, intensity)
    return grey_png(painted.array[box]), overlay_png(np.zeros_like(truth[box]), truth[box])


def found_view(prepared: Prepared, sweep: Sweep, number: int, index: int) -> bytes:
    """An overlay of slice `index`: vermilion what is flagged with the lesion in grey `number` of the sweep and was not
    before, yellow what was, sky blue the lesion's outline.
    """
    box = (index, *crop_box(prepared.brain_mask))
    mask, before = sweep.sightings[number].mask(sweep.truth.shape)[box], sweep.before[box]
    old = overlay_png(mask & before, colour=OLD_COLOUR, opacity=0.4)
    new = overlay_png(mask & ~before, sweep.truth[box], opacity=0.75)
    both = Image.alpha_composite(Image.open(io.BytesIO(old)), Image.open(io.BytesIO(new)))
    buffer = io.BytesIO()
    both.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def strip_view(slices: np.ndarray) -> bytes:
    """(N, 256, 256) slices in a row, cropped to where the atlas has brain at the paper's levels."""
    levels = PAPER_SLAB.levels
    brain = template().brain_mask[levels[0] : levels[-1] + 1]
    edge = (SLICE_SHAPE[0] - brain.shape[1]) // 2
    rows, columns = crop_box(np.pad(brain, ((0, 0), (edge, edge), (edge, edge))))
    return grid_png(slices[:, rows, columns], len(slices), *GREY_WINDOW)
