"""The atlas space: SRI24's 1 mm grid, a FLAIR template on it that this project made, and slabs of it.

SRI24 is Rohlfing et al., Hum Brain Mapp 31 (2010) 798. None of its voxels is here: the template is
the mean of simulated FLAIR brains that were registered to it (`uad_core.cohorts.simulate.template`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np

from uad_core.io.volume import SourceGrid, Volume

ATLAS_SHAPE = (155, 240, 240)  # D, H, W
ATLAS_AFFINE = np.array([[0, 0, -1, 0], [0, -1, 0, 239], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=float)
SLICE_SHAPE = (256, 256)  # H, W of every slice that a model sees: the atlas slice, padded evenly
TEMPLATE_FILE = Path(__file__).parent / "data" / "template_FLAIR.nii.gz"
TISSUES_FILE = Path(__file__).parent / "data" / "template_tissues.nii.gz"
TISSUES = {
    1: "CSF",
    2: "ventricles",
    3: "cortex",
    4: "white matter",
    5: "deep grey matter",
    6: "cerebellum",
    7: "brain stem",
}


@dataclass(frozen=True)
class Slab:
    """Consecutive axial levels of the atlas: `first` to `first + count - 1`."""

    first: int
    count: int

    def __post_init__(self) -> None:
        if not (self.first >= 0 and self.count >= 1 and self.first + self.count <= ATLAS_SHAPE[0]):
            raise ValueError(f"a slab must lie within levels 0 to {ATLAS_SHAPE[0] - 1}, got {self}")

    @property
    def levels(self) -> range:
        return range(self.first, self.first + self.count)

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) slab voxel (d, h, w) of (count, 256, 256) -> atlas world mm."""
        pad_h, pad_w = ((n - a) // 2 for n, a in zip(SLICE_SHAPE, ATLAS_SHAPE[1:], strict=True))
        shift = np.eye(4)
        shift[:3, 3] = (self.first, -pad_h, -pad_w)
        return ATLAS_AFFINE @ shift

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.count, *SLICE_SHAPE)


PAPER_SLAB = Slab(first=70, count=20)  # "20 consecutive axial slices around the midline"
MNI_18_LEVEL = 87  # where MNI's z = +18 mm lies (registered; SRI24 is tilted by 14 degrees against MNI)
WHOLE_BRAIN = Slab(first=0, count=ATLAS_SHAPE[0])


@dataclass(frozen=True, eq=False)
class Atlas:
    """What a scan is registered to.

    Attributes:
        flair: skull-stripped image, on its own grid in atlas world.
        tissues: (D, H, W) uint8 on the same grid, keys of `TISSUES`, 0 outside the brain.
    """

    flair: Volume
    tissues: np.ndarray

    @property
    def brain_mask(self) -> np.ndarray:
        return self.tissues > 0


@lru_cache(maxsize=1)
def template() -> Atlas:
    """The template that ships with the project."""
    return Atlas(_load(TEMPLATE_FILE), _load(TISSUES_FILE).array.astype(np.uint8))


def _load(path: Path) -> Volume:
    image = nib.nifti1.load(path)
    return Volume.from_source(np.asanyarray(image.dataobj), SourceGrid(image.shape, image.affine))
