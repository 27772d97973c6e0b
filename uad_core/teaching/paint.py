"""A lesion painted into a prepared scan, with exact truth.

It is painted where models look, after denoising and normalisation: it has neither noise nor texture of its own, and
the scan's grey scale does not shift under it. A real lesion of the same grey is a little harder to see.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from uad_core.pipeline.reconstruct import Reconstruction, assess_slices, reconstruct
from uad_core.preprocess import Prepared

DARKEST = 1e-3  # of tissue: 0 means outside the brain to every model


@dataclass(frozen=True)
class PaintedLesion:
    """Where a ball of lesion is painted.

    Attributes:
        centre: (d, h, w) voxel of the slab, 1 mm each.
        radius_mm: where the edge is half lesion, half tissue; must exceed 0.
        softness_mm: width of that edge, over which the share of lesion falls from 1 to 0; 0 is a sharp edge.
    """

    centre: tuple[int, int, int]
    radius_mm: float = 5.0
    softness_mm: float = 2.0

    def __post_init__(self) -> None:
        if not (self.radius_mm > 0 and self.softness_mm >= 0):
            raise ValueError("the radius must exceed 0, and softness must not be negative")

    def share(self, shape: tuple[int, ...]) -> np.ndarray:
        """(D, H, W) float32 in [0, 1]: how much of each voxel is lesion, the brain's edge left aside."""
        ends = zip(shape, self.centre, strict=True)
        depth, rows, columns = np.ix_(*((np.arange(length) - at).astype(np.float32) for length, at in ends))
        away_mm = np.sqrt(depth**2 + rows**2 + columns**2)
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
    """The scan with a lesion of one grey, blended in at its edge, and its truth; the brain's outside stays as it is.

    Args:
        intensity: normalised grey of the lesion, [0, 1]; healthy tissue lies at 0.5.

    Raises:
        ValueError: an intensity outside [0, 1].
    """
    if not 0 <= intensity <= 1:
        raise ValueError(f"intensity must lie in [0, 1], got {intensity}")
    share = lesion.share(prepared.array.shape) * prepared.brain_mask
    blended = prepared.array + share * (np.float32(max(intensity, DARKEST)) - prepared.array)
    blended.flags.writeable = False
    return replace(prepared, array=blended), lesion.truth(prepared)


def repaint(
    reconstruction: Reconstruction,
    lesion: PaintedLesion,
    intensities: Sequence[float],
    on_progress: Callable[[float], None] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[Reconstruction]:
    """What the model makes of the scan with the lesion in each grey: equal to reconstructing each anew, but cheaper.

    Only slices that the lesion changes, or whose neighbours it changes where the model sees those, are looked at again;
    of them only those among `wanted`, if given. A model that scores a voxel by the whole scan, as model 0 does by rank,
    gets the whole scan each time.
    """
    prepared, checkpoint = reconstruction.prepared, reconstruction.checkpoint
    model, searched = checkpoint.model, np.flatnonzero(reconstruction.searched.any(axis=(1, 2)))
    beside = np.add.outer(lesion.touched(prepared), (0, *(-offset for offset in model.context)))
    touched = np.intersect1d(beside, searched)
    if wanted is not None:
        touched = np.intersect1d(touched, wanted)
    looked_at = np.isin(np.arange(len(prepared.array)), touched)
    for number, intensity in enumerate(intensities):
        started = perf_counter()
        painted, _ = paint(prepared, lesion, intensity)

        def report(share: float, number: int = number) -> None:
            if on_progress:
                on_progress((number + share) / len(intensities))

        if model.slices_at_once is None:
            yield reconstruct(painted, checkpoint, report)
            continue
        array, score = reconstruction.array.copy(), reconstruction.score
        score = None if score is None else score.copy()
        if touched.size:
            found, marks = assess_slices(model, painted.array, report, looked_at)
            array[touched] = found[touched]
            if score is not None and marks is not None:
                score[:, touched] = marks[:, touched]
        seconds = perf_counter() - started
        yield replace(reconstruction, prepared=painted, array=array, score=score, seconds=seconds)
