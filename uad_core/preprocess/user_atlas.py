"""An atlas of the user's instead of the project's template."""

from pathlib import Path

import numpy as np

from uad_core.atlas.template import Atlas, template
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import read_nifti
from uad_core.io.volume import ScanError
from uad_core.preprocess.checks import atlas_overlap
from uad_core.preprocess.infer import tissue

_LEAST_OVERLAP = 0.85  # Dice with the template's brain; SRI24's own images have 0.95


def load_atlas(path: Path) -> Atlas:
    """A skull-stripped NIfTI image in SRI24's space, such as SRI24's own T2 (`late.nii.gz`).

    It may lie on any grid and show any contrast, but its world must be SRI24's: the slab's levels, and what the models
    learned, are millimetres of that space. Where it is not background is its brain. Raises ScanError: the file is no
    image, or its brain does not lie where SRI24's lies.
    """
    flair = read_nifti(path)
    brain = tissue(flair)
    if atlas_overlap(flair, brain, template(), AffineTransform.identity()) < _LEAST_OVERLAP:
        elsewhere = "The atlas file is no skull-stripped brain in SRI24 space."
        raise ScanError("atlas", f"{elsewhere} Use SRI24 or an image in its space.")
    return Atlas(flair, brain.astype(np.uint8))
