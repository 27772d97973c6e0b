"""A mask corrected by hand: what was added and taken away, over whatever a threshold flags.

Voxels are kept as their places in the whole brain's grid, so that an edit means the same at any threshold, with any
model and at any axial levels: it lies over the mask, and the mask beneath may change.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from uad_core.atlas.space import WHOLE_BRAIN, Slab
from uad_core.pipeline.lesions import Lesion, lesions, regions, volume_scale
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation

VOXELS = int(np.prod(WHOLE_BRAIN.shape))
DISMISSED_FROM = 0.5  # share of a region that lies in one deleted earlier: it is the same, and goes whole
MOST_STATES, MOST_BYTES = 100, 8_000_000  # that can be undone to, of one scan
BY_HAND = ("no", "changed", "drawn")  # a region is as detected; partly by hand; by hand alone


def _none() -> np.ndarray:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False)
class MaskEdits:
    """What a hand did to the mask of one scan.

    `added` and `removed`, (N,) int32, sorted and without a voxel in common, and `dismissed`, those of `removed` that
    went with a region as a whole, are places in the raveled (155, 256, 256) grid of the whole brain. `deeds` names what
    was done, in order.
    """

    added: np.ndarray = field(default_factory=_none)
    removed: np.ndarray = field(default_factory=_none)
    dismissed: np.ndarray = field(default_factory=_none)
    deeds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added.size or self.removed.size)

    def with_added(self, deed: str, voxels: np.ndarray) -> "MaskEdits":
        """Painted or grown: these belong to the mask."""
        return replace(
            self,
            added=np.union1d(self.added, voxels).astype(np.int32),
            removed=np.setdiff1d(self.removed, voxels),
            dismissed=np.setdiff1d(self.dismissed, voxels),
            deeds=(*self.deeds, deed),
        )

    def with_removed(self, deed: str, voxels: np.ndarray, whole: bool = False) -> "MaskEdits":
        """Erased: these do not belong to it. `whole`: they are regions that are not wanted at any threshold."""
        return replace(
            self,
            added=np.setdiff1d(self.added, voxels),
            removed=np.union1d(self.removed, voxels).astype(np.int32),
            dismissed=np.union1d(self.dismissed, voxels).astype(np.int32) if whole else self.dismissed,
            deeds=(*self.deeds, deed),
        )

    @property
    def size_bytes(self) -> int:
        return self.added.nbytes + self.removed.nbytes + self.dismissed.nbytes


@dataclass(frozen=True, eq=False)
class EditHistory:
    """The edits of one scan as they stand, and those before each deed, to go back to."""

    states: tuple[MaskEdits, ...] = (MaskEdits(),)

    @property
    def now(self) -> MaskEdits:
        return self.states[-1]

    def then(self, edits: MaskEdits) -> "EditHistory":
        """One deed more; the oldest states are let go where there are too many or too large ones."""
        states = (*self.states, edits)[-MOST_STATES:]
        while len(states) > 1 and sum(state.size_bytes for state in states) > MOST_BYTES:
            states = states[1:]
        return EditHistory(states)

    def back(self) -> "EditHistory":
        """One deed less; where there is none, the same."""
        return EditHistory(self.states[:-1] or self.states)


def voxels_of(mask: np.ndarray, slab: Slab) -> np.ndarray:
    """(N,) int32 places in the whole brain's grid of a slab's (D, 256, 256) mask."""
    return (np.flatnonzero(mask) + slab.first * VOXELS // WHOLE_BRAIN.count).astype(np.int32)


def region_voxels(segmentation: Segmentation, slab: Slab, number: int, others: bool = False) -> np.ndarray:
    """Likewise, of the region of that number, from 1, the largest; or of all `others`."""
    places, rank = regions(segmentation.mask)
    wanted = (rank == number - 1) != others
    own = np.zeros_like(segmentation.mask)
    own[tuple(axis[wanted] for axis in places)] = True
    return voxels_of(own, slab)


def region_at(segmentation: Segmentation, voxel: tuple[int, int, int]) -> int:
    """Number of the region that holds the slab's voxel (d, h, w), from 1; 0 where none does."""
    if not segmentation.mask[voxel]:
        return 0
    places, rank = regions(segmentation.mask)
    at = np.logical_and.reduce([axis == here for axis, here in zip(places, voxel, strict=True)])
    return int(rank[at][0]) + 1


def edited(segmentation: Segmentation, reconstruction: Reconstruction, edits: MaskEdits) -> Segmentation:
    """The segmentation as a hand corrected it: mask, regions and volumes. Without edits at its levels, the same."""
    prepared, config = reconstruction.prepared, segmentation.config
    added, removed, dismissed = (
        _within(voxels, prepared.slab) for voxels in (edits.added, edits.removed, edits.dismissed)
    )
    if not added.size and not removed.size:
        return segmentation
    detected = segmentation.mask
    mask = detected & ~_same_regions(detected, dismissed)
    mask.reshape(-1)[added] = True
    mask.reshape(-1)[removed] = False
    values = reconstruction.weighted(config.postprocess.signed, config.postprocess.look)
    ml = volume_scale(prepared) / 1000
    return replace(
        segmentation,
        mask=mask,
        lesions=_marked(lesions(mask, values, prepared), mask, detected),
        flagged_ml=np.count_nonzero(mask) * ml,
        added_ml=np.count_nonzero(mask & ~detected) * ml,
        removed_ml=np.count_nonzero(detected & ~mask) * ml,
        edits=edits,
    )


def _within(voxels: np.ndarray, slab: Slab) -> np.ndarray:
    """Those that lie in the slab, as places in its own raveled grid."""
    level = VOXELS // WHOLE_BRAIN.count
    low, high = np.searchsorted(voxels, [slab.first * level, (slab.first + slab.count) * level])
    return voxels[low:high] - slab.first * level


def _same_regions(detected: np.ndarray, dismissed: np.ndarray) -> np.ndarray:
    """(D, 256, 256) bool: the regions that are, for the most part, ones that were deleted."""
    gone = np.zeros_like(detected)
    if not dismissed.size:
        return gone
    places, numbers = regions(detected)
    if numbers.size:
        hit = np.isin(np.ravel_multi_index(places, detected.shape), dismissed)
        gone[places] = (np.bincount(numbers, weights=hit) >= DISMISSED_FROM * np.bincount(numbers))[numbers]
    return gone


def _marked(found: tuple[Lesion, ...], mask: np.ndarray, detected: np.ndarray) -> tuple[Lesion, ...]:
    """Each region with what a hand had to do with it."""
    from scipy import ndimage  # here: only an edited mask needs it

    places, numbers = regions(mask)
    near_removed = ndimage.binary_dilation(detected & ~mask, np.ones((3, 3, 3), bool))
    sizes = np.bincount(numbers, minlength=len(found))
    drawn = np.bincount(numbers, weights=~detected[places], minlength=len(found))
    cut = np.bincount(numbers, weights=near_removed[places], minlength=len(found))
    kinds = np.where(drawn == sizes, BY_HAND[2], np.where((drawn > 0) | (cut > 0), BY_HAND[1], BY_HAND[0]))
    return tuple(replace(one, by_hand=str(kind)) for one, kind in zip(found, kinds, strict=True))
