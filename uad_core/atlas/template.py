"""The FLAIR template that this project made, on SRI24's 1 mm grid, and its tissues.

SRI24 is Rohlfing et al., Hum Brain Mapp 31 (2010) 798. None of its voxels is here: the template is the mean of
simulated FLAIR brains that were registered to it (`tools/template.py`).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np

from uad_core.atlas.space import ATLAS_SHAPE, SLICE_SHAPE, Slab
from uad_core.io.volume import SourceGrid, Volume

TEMPLATE_FILE = Path(__file__).parent / "data" / "template_FLAIR.nii.gz"
TISSUES_FILE = Path(__file__).parent / "data" / "template_tissues.nii.gz"
_NAMES = ("CSF", "ventricles", "cortex", "white matter", "deep grey matter", "cerebellum", "brain stem")
TISSUES = dict(enumerate(_NAMES, start=1))
TISSUE_CODES = {name: code for code, name in TISSUES.items()}


@dataclass(frozen=True, eq=False)
class Atlas:
    """What a scan is registered to."""

    flair: Volume  # skull-stripped image, on its own grid in atlas world
    tissues: np.ndarray  # (D, H, W) uint8 on the same grid, keys of `TISSUES`, 0 outside the brain

    @property
    def brain_mask(self) -> np.ndarray:
        return self.tissues > 0

    def tissues_in(self, slab: Slab) -> np.ndarray:
        """(D, 256, 256) uint8: the tissues at the levels of a slab, padded as it is, of an atlas on SRI24's grid."""
        if self.tissues.shape != ATLAS_SHAPE:
            raise ValueError(f"tissues must lie on the grid of {ATLAS_SHAPE} voxels, got {self.tissues.shape}")
        pads = [(n - a) // 2 for n, a in zip(SLICE_SHAPE, ATLAS_SHAPE[1:], strict=True)]
        levels = self.tissues[slab.first : slab.first + slab.count]
        return np.pad(levels, ((0, 0), *((pad, pad) for pad in pads)))


@lru_cache(maxsize=1)
def template() -> Atlas:
    """The template that ships with the project."""
    return Atlas(_load(TEMPLATE_FILE), _load(TISSUES_FILE).array.astype(np.uint8))


def _load(path: Path) -> Volume:
    image = nib.nifti1.load(path)
    return Volume.from_source(np.asanyarray(image.dataobj), SourceGrid(image.shape, image.affine))
