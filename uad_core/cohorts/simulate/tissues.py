"""Which FreeSurfer label is which tissue.

Values: FreeSurferColorLUT.txt, and the extension of SynthSeg's training maps (Billot et al., Med Image Anal 86 (2023)):
136, 137, 163, 164 choroid plexus, 25 and 57 chronic lesions of the white matter, 500 and above outside the brain.
"""

from enum import IntEnum

import numpy as np


class Tissue(IntEnum):
    """Tissues that look different on FLAIR. The values index the membership maps."""

    OUTSIDE = 0
    CSF = 1
    MIDLINE_VENTRICLE = 2
    VENTRICLE = 3  # the lateral ones
    CHOROID = 4
    CORTEX = 5
    WHITE = 6
    THALAMUS = 7
    STRIATUM = 8
    PALLIDUM = 9
    LIMBIC = 10
    VENTRAL = 11
    BRAIN_STEM = 12
    CEREBELLUM = 13
    CEREBELLAR_WHITE = 14


LABELS: dict[Tissue, tuple[int, ...]] = {
    Tissue.CSF: (24,),
    Tissue.MIDLINE_VENTRICLE: (14, 15),
    Tissue.VENTRICLE: (4, 5, 43, 44, 72),
    Tissue.CHOROID: (31, 63, 136, 137, 163, 164),
    Tissue.CORTEX: (3, 42),
    # lesions of the donors (25, 57, 77-79) become healthy tissue again; 250-255 is the corpus callosum
    Tissue.WHITE: (2, 41, 25, 57, 30, 62, 77, 78, 79, 85, 192, 250, 251, 252, 253, 254, 255),
    Tissue.THALAMUS: (9, 10, 48, 49),
    Tissue.STRIATUM: (11, 12, 26, 50, 51, 58),
    Tissue.PALLIDUM: (13, 52),
    Tissue.LIMBIC: (17, 18, 53, 54),
    Tissue.VENTRAL: (28, 60),
    Tissue.BRAIN_STEM: (16, 170, 171, 172, 173, 174, 175),
    Tissue.CEREBELLUM: (8, 47),
    Tissue.CEREBELLAR_WHITE: (7, 46),
}

# keys of `uad_core.atlas.template.TISSUES`, indexed by Tissue
ATLAS_TISSUE = np.array([0, 1, 2, 2, 2, 3, 4, 5, 5, 5, 3, 5, 7, 6, 6], dtype=np.uint8)

_LARGEST = 4999
_APARC = {1000: 3, 2000: 42, 3000: 2, 4000: 41}  # aparc+aseg: a thousand each for cortex, left, right, and white matter


def simplified(labels: np.ndarray) -> np.ndarray:
    """`labels` with the parcels of an aparc+aseg file replaced by plain cortex and white matter."""
    table = np.arange(_LARGEST + 1, dtype=np.int16)
    for first, label in _APARC.items():
        table[first : first + 1000] = label
    return table[np.clip(labels, 0, _LARGEST)]


def tissue_of(labels: np.ndarray) -> np.ndarray:
    """(D, H, W) uint8 `Tissue` of each label; what no tissue knows is OUTSIDE."""
    table = np.zeros(_LARGEST + 1, dtype=np.uint8)
    for tissue, values in LABELS.items():
        table[list(values)] = tissue
    return table[np.clip(labels, 0, _LARGEST)]
