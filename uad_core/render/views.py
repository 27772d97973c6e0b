"""What a viewer shows of a detection: pictures and overlays apart, so that it can window and mirror them itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.pipeline.lesions import regions
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.preprocess import Prepared
from uad_core.render.overlays import grey_png, overlay_png, votes_png
from uad_core.render.planes import PLANES, cut, pixel_of, place
from uad_core.render.slices import crop_box, marked_png, residual_picture

Voxel = tuple[int, int, int]  # (d, h, w) in the slab


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is drawn over a slice."""

    mask: np.ndarray | None = None  # (D, 256, 256) bool, filled with `opacity`, [0, 1]
    truth: np.ndarray | None = None  # (D, 256, 256) bool reference mask, outlined
    opacity: float = 0.55


class SliceViews(NamedTuple):
    """PNGs of one axial slice, cropped to the brain; `mask` is an overlay for the others, or the scan with it."""

    scan: bytes
    reconstruction: bytes
    residual: bytes
    mask: bytes


class PlaneView(NamedTuple):
    """One plane through a voxel: picture, overlay, and the voxel's (column, row) in it."""

    scan: bytes
    mask: bytes
    cross: tuple[int, int]


def slice_views(
    reconstruction: Reconstruction,
    index: int,
    overlay: Overlay,
    config: PostprocessConfig | None = None,
    marked: bool = False,
) -> SliceViews:
    """Scan, reconstruction, filtered residual (0 black, `residual_window` white) and mask of slice `index`.

    `config`: of the residual; without it, which takes most of the time, that view is empty. `marked`: for a page
    instead of a viewer: enlarged, sides marked, and the mask drawn into the scan.
    """
    prepared = reconstruction.prepared
    residual = None if config is None else residual_picture(reconstruction, config, index)
    if not marked:
        reconstructed = scan_view(prepared, index, reconstruction.array)
        shown = b"" if residual is None else grey_png(residual)
        return SliceViews(scan_view(prepared, index), reconstructed, shown, overlay_view(prepared, index, overlay))
    box = (index, *crop_box(prepared.brain_mask))
    scan = prepared.array[box]
    mask, truth = (None if one is None else one[box] for one in (overlay.mask, overlay.truth))
    painted = marked_png(scan, mask=mask, truth=truth, opacity=overlay.opacity)
    shown = b"" if residual is None else marked_png(residual, (0, 1))
    return SliceViews(marked_png(scan), marked_png(reconstruction.array[box]), shown, painted)


def scan_view(prepared: Prepared, index: int, values: np.ndarray | None = None, white: float = 1.0) -> bytes:
    """Slice `index` of the scan, or of other (D, 256, 256) values, cropped to the brain; 0 black, `white` white."""
    shown = prepared.array if values is None else values
    return grey_png(shown[(index, *crop_box(prepared.brain_mask))], white)


def overlay_view(prepared: Prepared, index: int, overlay: Overlay) -> bytes:
    """The overlay of slice `index`, cropped to the brain."""
    box = (index, *crop_box(prepared.brain_mask))
    mask = np.zeros(prepared.brain_mask[box].shape, bool) if overlay.mask is None else overlay.mask[box]
    return overlay_png(mask, None if overlay.truth is None else overlay.truth[box], overlay.opacity)


def plane_views(
    prepared: Prepared,
    mask: np.ndarray,
    voxel: Voxel,
    truth: np.ndarray | None = None,
    opacity: float = 0.55,
    searched: slice = slice(None),
) -> tuple[PlaneView, ...]:
    """The scan with a (D, 256, 256) mask in the three planes through `voxel`: axial, coronal, sagittal.

    `truth`: (D, 256, 256) bool, outlined. `searched`: levels that a model has searched; the others are darkened.
    """
    veil = np.ones(prepared.array.shape, bool)
    veil[searched] = False
    rows, columns = crop_box(prepared.brain_mask)
    box = (slice(None), rows, columns)
    scan, at = prepared.array[box], cropped(prepared, voxel)
    views = []
    for plane, index in zip(PLANES, at, strict=True):
        outline = None if truth is None else cut(truth[box], plane, index)
        veiled = cut(veil[box], plane, index)
        overlay = overlay_png(cut(mask[box], plane, index), outline, opacity, veiled=veiled)
        views.append(PlaneView(grey_png(cut(scan, plane, index)), overlay, pixel_of(scan.shape, plane, at)))
    return tuple(views)


def cropped(prepared: Prepared, voxel: Voxel) -> Voxel:
    """Where a voxel of the slab lies in pictures that are cropped to the brain."""
    rows, columns = crop_box(prepared.brain_mask)
    return voxel[0], voxel[1] - rows.start, voxel[2] - columns.start


def seen_in(whole: Prepared, mask: np.ndarray, slab: Slab) -> tuple[np.ndarray, slice]:
    """A (D, 256, 256) mask of `slab` among the levels of `whole`, which hold the slab's; and where those lie."""
    first = slab.first - whole.slab.first
    levels = slice(first, first + slab.count)
    wide = np.zeros(whole.array.shape, bool)
    wide[levels] = mask
    return wide, levels


def slice_voxel(prepared: Prepared, index: int, column: int, row: int) -> Voxel:
    """The voxel of slice `index` that a pixel of its cropped picture shows."""
    rows, columns = crop_box(prepared.brain_mask)
    return index, min(rows.start + row, rows.stop - 1), min(columns.start + column, columns.stop - 1)


def region_marks(prepared: Prepared, mask: np.ndarray, index: int) -> tuple[tuple[int, int, str], ...]:
    """(column, row, number) of each region of a (D, 256, 256) mask in the cropped picture of slice `index`.

    Numbers as in the table of regions; each stands at the right of what the slice shows of its region.
    """
    (levels, rows, columns), rank = regions(mask)
    here = levels == index
    return _marks(prepared, rows[here], columns[here], rank[here] + 1)


def label_marks(prepared: Prepared, labels: np.ndarray, index: int) -> tuple[tuple[int, int, str], ...]:
    """The same of regions that have numbers already: (D, 256, 256) integers, 0 elsewhere."""
    rows, columns = np.nonzero(labels[index])
    return _marks(prepared, rows, columns, labels[index, rows, columns])


def _marks(
    prepared: Prepared, rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray
) -> tuple[tuple[int, int, str], ...]:
    box_rows, box_columns = crop_box(prepared.brain_mask)
    marks = []
    for one in np.unique(numbers):
        h, w = rows[numbers == one], columns[numbers == one]
        marks.append((int(w.max()) + 2 - box_columns.start, round(float(h.mean())) - box_rows.start, str(one)))
    return tuple(marks)


def plane_voxel(prepared: Prepared, voxel: Voxel, plane: int, column: int, row: int) -> Voxel:
    """The voxel that a pixel of `plane_views` number `plane` through `voxel` shows."""
    box = (slice(0, len(prepared.array)), *crop_box(prepared.brain_mask))
    shown = place(prepared.array[box].shape, PLANES[plane], column, row)
    moved = [box[axis].start + shown[axis] if axis in shown else at for axis, at in enumerate(voxel)]
    d, h, w = (min(max(at, one.start), one.stop - 1) for at, one in zip(moved, box, strict=True))
    return d, h, w


def agreement_view(prepared: Prepared, masks: Sequence[np.ndarray], index: int) -> tuple[bytes, bytes]:
    """Slice `index` and an overlay coloured by how many of the (D, 256, 256) masks flag a pixel."""
    box = (index, *crop_box(prepared.brain_mask))
    return grey_png(prepared.array[box]), votes_png(np.sum([mask[box] for mask in masks], axis=0), len(masks))
