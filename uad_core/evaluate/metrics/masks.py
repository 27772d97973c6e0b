"""How well a mask fits the truth, voxel by voxel."""

from dataclasses import dataclass

import cc3d
import numpy as np

from uad_core.atlas.masks import overlap


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """`atlas.masks.overlap` of two bool arrays of one shape, in [0, 1]; NaN if both are empty."""
    return overlap(mask, truth) if mask.any() or truth.any() else float("nan")


def false_positive_ml(mask: np.ndarray, truth: np.ndarray, voxel_mm3: float = 1.0) -> float:
    """Millilitres flagged that are no lesion."""
    return np.count_nonzero(mask & ~truth) * voxel_mm3 / 1000


FOUND_FROM = 0.1  # share of a lesion that must be hit


@dataclass(frozen=True)
class LesionScores:
    """Lesions counted one by one: of `true` ones `found` were hit, of `flagged` ones `right` hit something."""

    true: int
    found: int
    flagged: int
    right: int

    @property
    def recall(self) -> float:
        """Share of the true lesions that were found; NaN where there are none."""
        return self.found / self.true if self.true else float("nan")

    @property
    def precision(self) -> float:
        """Share of the flagged regions that are lesions; NaN where nothing was flagged."""
        return self.right / self.flagged if self.flagged else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 where one mask alone is empty, NaN where both are."""
        if not self.true or not self.flagged:
            return 0.0 if self.true or self.flagged else float("nan")
        total = self.recall + self.precision
        return 2 * self.recall * self.precision / total if total else 0.0


def lesion_scores(mask: np.ndarray, truth: np.ndarray, found_from: float = FOUND_FROM) -> LesionScores:
    """Count the 26-connected components of `mask` and `truth`, (D, H, W) bool, that meet.

    A true lesion is found when at least `found_from` of its voxels are flagged; a flagged region is right when at least
    `found_from` of its voxels are lesion. One tenth is the first condition of the MSSEG challenge (Commowick et al.,
    Sci Rep 8 (2018) 13650); its second one, on what spills over, is replaced by the same rule seen from the other side,
    so that flagging the whole brain finds all and is wrong. True lesions of any size count, those too small for the
    postprocessing to leave standing among them.
    """
    true, found = _components_met(truth, mask, found_from)
    flagged, right = _components_met(mask, truth, found_from)
    return LesionScores(true, found, flagged, right)


def _components_met(mask: np.ndarray, other: np.ndarray, share: float) -> tuple[int, int]:
    """The number of components of `mask`, and of those that `other` covers to at least `share`."""
    voxels = np.nonzero(mask)
    if not voxels[0].size:
        return 0, 0
    labels = cc3d.connected_components(mask, connectivity=26)[voxels]
    sizes = np.bincount(labels)[1:]
    covered = np.bincount(labels, weights=other[voxels])[1:]
    return len(sizes), int(np.count_nonzero((covered > 0) & (covered >= share * sizes - 1e-9)))
