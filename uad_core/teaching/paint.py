"""A lesion painted into a prepared scan, with exact truth.

It is painted where models look, after denoising and normalisation: it has neither noise nor texture of its own, and
the scan's grey scale does not shift under it. A real lesion of the same grey is a little harder to see.
"""

from dataclasses import dataclass, replace

import numpy as np

from uad_core.preprocess import Prepared

DARKEST = 1e-3  # of tissue: 0 means outside the brain to every model


@dataclass(frozen=True)
class PaintedLesion:
    """Where a lesion is painted and what shape it has.

    Attributes:
        centre: (d, h, w) voxel of the slab, 1 mm each.
        radius_mm: where the edge is half lesion, half tissue; must exceed 0.
        softness_mm: width of that edge, over which the share of lesion falls from 1 to 0; 0 is a sharp edge.
        stretch: of the radius along D, H and W; (1, 1, 1) is a ball.
    """

    centre: tuple[int, int, int]
    radius_mm: float = 5.0
    softness_mm: float = 2.0
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if not (self.radius_mm > 0 and self.softness_mm >= 0 and min(self.stretch) > 0):
            raise ValueError("radius and stretch must exceed 0, and softness must not be negative")

    def share(self, shape: tuple[int, ...]) -> np.ndarray:
        """(D, H, W) float32 in [0, 1]: how much of each voxel is lesion, the brain's edge left aside."""
        axes = [
            ((np.arange(length) - at) / by).astype(np.float32)
            for length, at, by in zip(shape, self.centre, self.stretch, strict=True)
        ]
        depth, rows, columns = axes
        away_mm = np.sqrt(depth[:, None, None] ** 2 + rows[None, :, None] ** 2 + columns[None, None, :] ** 2)
        if self.softness_mm == 0:
            return (away_mm <= self.radius_mm).astype(np.float32)
        return np.clip((self.radius_mm - away_mm) / self.softness_mm + 0.5, 0, 1).astype(np.float32)

    def truth(self, prepared: Prepared) -> np.ndarray:
        """(D, H, W) bool: the brain's voxels of which at least half is lesion."""
        return (self.share(prepared.array.shape) >= 0.5) & prepared.brain_mask

    def touched(self, prepared: Prepared) -> np.ndarray:
        """Indices of the axial slices that it changes, ascending."""
        inside = (self.share(prepared.array.shape) > 0) & prepared.brain_mask
        return np.flatnonzero(inside.any(axis=(1, 2)))


def paint(prepared: Prepared, lesion: PaintedLesion, intensity: float) -> tuple[Prepared, np.ndarray]:
    """The scan with a lesion of one grey, blended in at its edge, and the lesion's mask; the brain's outside stays.

    Args:
        intensity: normalised grey of the lesion, [0, 1]; healthy tissue lies at 0.5.

    Returns:
        The painted scan, and (D, H, W) bool truth as `PaintedLesion.truth` gives it.

    Raises:
        ValueError: an intensity outside [0, 1].
    """
    if not 0 <= intensity <= 1:
        raise ValueError(f"intensity must lie in [0, 1], got {intensity}")
    share = lesion.share(prepared.array.shape) * prepared.brain_mask
    blended = prepared.array + share * (np.float32(max(intensity, DARKEST)) - prepared.array)
    blended.flags.writeable = False
    return replace(prepared, array=blended), lesion.truth(prepared)
