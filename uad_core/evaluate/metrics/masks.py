"""How well a mask fits the truth, voxel by voxel."""

import numpy as np

from uad_core.atlas.masks import overlap


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """`atlas.masks.overlap` of two bool arrays of one shape, in [0, 1]; NaN if both are empty."""
    return overlap(mask, truth) if mask.any() or truth.any() else float("nan")


def false_positive_ml(mask: np.ndarray, truth: np.ndarray, voxel_mm3: float = 1.0) -> float:
    """Millilitres flagged that are no lesion."""
    return np.count_nonzero(mask & ~truth) * voxel_mm3 / 1000
