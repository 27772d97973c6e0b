"""Shares of grey within the eroded brain."""

import numpy as np

from uad_core.models.grey_reference import histogram_shares
from uad_core.pipeline.postprocess import PostprocessConfig, erode
from uad_core.preprocess import Prepared


def brain_shares(
    prepared: Prepared, levels: tuple[int, int], erosion_mm: float = PostprocessConfig.erosion_mm
) -> np.ndarray | None:
    """The share of the slightly eroded brain in each bin of grey, at `levels` (first, last); None without brain."""
    slab = prepared.slab
    part = slice(max(levels[0] - slab.first, 0), max(levels[1] + 1 - slab.first, 0))
    inside = erode(prepared.brain_mask[part], erosion_mm)
    return histogram_shares(prepared.array[part][inside]) if inside.any() else None
