"""How well a mask fits the truth, voxel by voxel."""

from __future__ import annotations

import numpy as np


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|) of two bool arrays of one shape, in [0, 1]; NaN if both are empty.

    Source: Dice, Ecology 26 (1945) 297.
    """
    total = np.count_nonzero(mask) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(mask & truth) / total if total else float("nan")


def false_positive_ml(mask: np.ndarray, truth: np.ndarray, voxel_mm3: float = 1.0) -> float:
    """Millilitres flagged that are no lesion."""
    return np.count_nonzero(mask & ~truth) * voxel_mm3 / 1000
