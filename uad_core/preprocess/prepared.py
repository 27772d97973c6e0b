"""A scan as a model sees it, with the way back."""

from dataclasses import dataclass

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.shading import ShadingField
from uad_core.preprocess.slab import from_slab, mask_to_slab


@dataclass(frozen=True)
class ProcessingStep:
    """One step that was done: its name, what it took, and a sentence on how it went."""

    name: str
    seconds: float
    sentence: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """A scan as a model sees it."""

    scan: Volume  # as it was read
    array: np.ndarray  # (D, 256, 256) float32 in [0, 1], 0 outside the brain; D levels of the slab
    brain_mask: np.ndarray  # (D, 256, 256) bool
    transform: AffineTransform  # atlas world mm -> scan world mm
    config: PreprocessConfig  # what was asked for
    steps: tuple[ProcessingStep, ...] = ()  # what was done
    warnings: tuple[str, ...] = ()  # sentences on what gives cause for doubt
    shading: ShadingField | None = None  # what was divided out of the scan; None: nothing was
    look_mask: np.ndarray | None = None  # (D, 256, 256) bool, where alone the user wants to look

    @property
    def slab(self) -> Slab:
        return self.config.slab

    def to_scan(self, array: np.ndarray, order: int) -> np.ndarray:
        """(D, 256, 256) on the scan's grid, resampled once, 0 beyond; `order` 0 (nearest) or 1 (linear)."""
        return from_slab(array, self.slab, self.transform, self.scan, order)

    def to_slab(self, mask: np.ndarray) -> np.ndarray:
        """A bool mask on the scan's grid (D, H, W), seen in the slab (D, 256, 256)."""
        return mask_to_slab(mask, self.scan, self.transform, self.slab)
