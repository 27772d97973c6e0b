"""The grey values of prepared scans, counted the same way for healthy references and for a scan held against them."""

from dataclasses import dataclass, field

import numpy as np

from uad_core.models.grey_reference import GreyReference
from uad_core.pipeline.postprocess import PostprocessConfig, brain_shares
from uad_core.preprocess import Prepared


@dataclass
class GreyReferenceBuilder:
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

    def intensities(self) -> GreyReference | None:
        """What the scans had in common, None where there were none."""
        return GreyReference.of(self.shares, (min(self.levels), max(self.levels))) if self.shares else None
