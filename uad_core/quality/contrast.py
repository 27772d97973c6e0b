"""Is this a FLAIR? Judged by which tissue is brighter than which, where the template says the tissues lie.

On FLAIR free fluid is suppressed and grey matter is about as bright as white matter or brighter. On T1 grey matter is
darker than white matter; on T2 and PD fluid is bright. Two ratios tell these apart. Measured on the 20 middle levels
(in brackets: on the whole brain):

    scans                                          grey / white            fluid / white
    8 real FLAIR volumes, 7 of them of patients    1.09-1.20 (1.05-1.24)   0.29-0.72 (0.36-0.75)
    4 bundled and 40 simulated FLAIR volumes       1.03-1.19               0.07-0.92
    360 SOOP FLAIR slices, 1st to 99th percentile  0.87-1.56               0.08-0.89
    T1: SRI24, MNI152 average                      0.84, 0.92 (0.87, 0.93) 0.25, 0.40 (0.26, 0.41)
    PD: SRI24                                      1.25 (1.24)             1.26 (1.17)
    T2: SRI24                                      1.48 (1.44)             2.15 (1.62)

Of the SOOP slices, many of them of old brains with white-matter disease, 7 % lie as low as T1 does: one slice says less
than twenty. T1, PD and T2 of real patients are too few here to say how often a wrong contrast passes.
"""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.preprocess import Prepared
from uad_core.quality.check import Check, Severity

GREY_GOOD, GREY_LEAST = 1.0, 0.94  # of white matter; lower: amber, red
FLUID_GOOD, FLUID_MOST = 0.95, 1.1  # of white matter; higher: amber, red
LEAST_VOXELS = 300  # of a tissue; fewer give no steady figure
NAME = "FLAIR contrast"


def contrast(prepared: Prepared) -> Check:
    """The check, from the levels that were prepared."""
    grey, fluid = ratios(prepared)
    if grey is None or fluid is None:
        return Check(NAME, "grey", "Too little of each tissue lies at these levels to judge the contrast.")
    numbers = (
        f"grey to white matter {grey:.2f}, at least {GREY_GOOD:.2f} is usual; "
        f"fluid to white matter {fluid:.2f}, at most {FLUID_GOOD:.2f} is usual"
    )
    severity, sentence = _verdict(grey, fluid)
    return Check(NAME, severity, sentence, numbers)


def ratios(prepared: Prepared) -> tuple[float | None, float | None]:
    """Grey to white matter, and fluid to white matter; None where too little of a tissue is there.

    Grey is the brighter of the medians of cortex and deep grey matter, held against the darker quarter of white matter:
    lesions brighten the rest of it. Fluid is the darkest quarter of the ventricles: those of the template are wider
    than those of most people, so that brain lies in their rim.
    """
    labels = _inner_tissues()[prepared.slab.first :][: prepared.slab.count]

    def inside(name: str) -> np.ndarray:
        return prepared.array[(labels == TISSUE_CODES[name]) & prepared.brain_mask]

    white, fluid = inside("white matter"), inside("ventricles")
    greys = [values for values in map(inside, ("cortex", "deep grey matter")) if values.size >= LEAST_VOXELS]
    if white.size < LEAST_VOXELS:
        return None, None
    dark_white, middle_white = np.percentile(white, (25, 50))
    if not dark_white > 0:
        return None, None
    grey = max(float(np.median(values)) for values in greys) / float(dark_white) if greys else None
    return grey, float(np.percentile(fluid, 25) / middle_white) if fluid.size >= LEAST_VOXELS else None


def _verdict(grey: float, fluid: float) -> tuple[Severity, str]:
    if fluid > FLUID_MOST:
        bright = "Fluid is brighter than white matter, as on T2 or PD: this is no FLAIR."
        return "red", f"{bright} Results on it mean nothing."
    if grey < GREY_LEAST:
        return "red", (
            "Grey matter is darker than white matter, as on T1: this is hardly a FLAIR. Only in brains with very much "
            "white-matter disease does a FLAIR look like that. Results on another contrast mean nothing."
        )
    if fluid > FLUID_GOOD:
        return "amber", "Fluid in the ventricles is hardly darker than white matter. Is this a FLAIR?"
    if grey < GREY_GOOD:
        return "amber", "Grey matter is a little darker than white matter, which is unusual on FLAIR. Is this one?"
    return "green", (
        "Fluid is dark and grey matter at least as bright as white matter, as on FLAIR. Other contrasts with dark "
        "fluid would pass as well."
    )


@lru_cache(maxsize=1)
def _inner_tissues() -> np.ndarray:
    """(155, 256, 256) uint8: the template's tissues without their outermost voxel, where registration blurs them."""
    tissues, cross = template().tissues_in(WHOLE_BRAIN), ndimage.generate_binary_structure(3, 1)
    alone = ndimage.grey_erosion(tissues, footprint=cross) == ndimage.grey_dilation(tissues, footprint=cross)
    return np.where(alone, tissues, 0)
