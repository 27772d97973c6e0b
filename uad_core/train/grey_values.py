"""The grey values of prepared scans, counted the same way for healthy references and for a scan held against them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from uad_core.intensities import Intensities, shares_of
from uad_core.postprocess import PostprocessConfig, erode
from uad_core.preprocess import Prepared


def brain_shares(
    prepared: Prepared, levels: tuple[int, int], erosion_mm: float = PostprocessConfig.erosion_mm
) -> np.ndarray | None:
    """The share of the slightly eroded brain in each bin of grey, at `levels` (first, last); None without brain."""
    slab = prepared.slab
    part = slice(max(levels[0] - slab.first, 0), max(levels[1] + 1 - slab.first, 0))
    inside = erode(prepared.brain_mask[part], erosion_mm)
    return shares_of(prepared.array[part][inside]) if inside.any() else None


@dataclass
class GreyValues:
    """Collects healthy scans one by one."""

    shares: list[np.ndarray] = field(default_factory=list)
    levels: set[int] = field(default_factory=set)

    def add(self, prepared: Prepared, erosion_mm: float = PostprocessConfig.erosion_mm) -> None:
        """Count one more scan; one without brain is left out."""
        slab = prepared.slab
        shares = brain_shares(prepared, (slab.levels[0], slab.levels[-1]), erosion_mm)
        if shares is not None:
            self.shares.append(shares)
            self.levels |= {slab.first + int(index) for index in np.flatnonzero(prepared.brain_mask.any(axis=(1, 2)))}

    def intensities(self) -> Intensities | None:
        """What the scans had in common, None where there were none."""
        return Intensities.of(self.shares, (min(self.levels), max(self.levels))) if self.shares else None
