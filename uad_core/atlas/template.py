"""The atlas space: SRI24's 1 mm grid, a FLAIR template on it that this project made, and slabs of it.

SRI24 is Rohlfing et al., Hum Brain Mapp 31 (2010) 798. None of its voxels is here: the template is
the mean of simulated FLAIR brains that were registered to it (`tools/template.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np

from uad_core.io.volume import SourceGrid, Volume

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
