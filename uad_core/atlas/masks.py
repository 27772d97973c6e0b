"""Where a mask lies, and how well two agree."""

from collections.abc import Sequence

import numpy as np


def bounding_box(mask: np.ndarray, margin: int | Sequence[int] = 0) -> tuple[slice, ...]:
    """The smallest box around a bool array's voxels and `margin` voxels, of all axes or each; all if empty."""
    margins = [margin] * mask.ndim if isinstance(margin, int) else margin
    if not mask.any():
        return tuple(slice(0, length) for length in mask.shape)
    hits = (np.flatnonzero(mask.any(tuple({*range(mask.ndim)} - {axis}))) for axis in range(mask.ndim))
    return tuple(
        slice(max(int(hit[0]) - reach, 0), min(int(hit[-1]) + 1 + reach, length))
        for hit, reach, length in zip(hits, margins, mask.shape, strict=True)
    )


def overlap(mask: np.ndarray, other: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|) of two bool arrays, 0 where both are empty (Dice, Ecology 26 (1945) 297)."""
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(other))
    return 2 * int(np.count_nonzero(mask & other)) / max(total, 1)
