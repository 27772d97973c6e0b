"""Where to look: everywhere, where white-matter disease lies, or within a mask of the user's."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.io.volume import ScanError
from uad_core.pipeline.postprocess import Look
from uad_core.preprocess import Prepared

SMOOTH_MM = 2.0  # a Gaussian's sigma: registration leaves some millimetres
LIKELY = ("white matter", "deep grey matter", "ventricles")  # of the template: where MS and small vessels leave lesions
TINY = np.float32(1e-6)  # so that certainty, weighed with 0, is 0
SENTENCES: dict[Look, str] = {
    "everywhere": "",
    "white-matter": "Looked for white-matter disease: the score was lowered by the atlas's probability of white "
    "matter, deep grey matter and ventricles, so that lesions of the cortex are missed.",
    "own-mask": "Looked within your own mask alone: what lies outside it was not judged.",
}


def weights(look: Look, prepared: Prepared) -> np.ndarray | None:
    """What the anomaly score is lowered by, (D, 256, 256) float32 in [0, 1]; None for everywhere.

    The healthy residuals behind a percentile were counted everywhere, so with weights the percentile flags at most its
    share of a healthy brain. Raises ScanError (look): there is no mask of the user's, or none of it lies here.
    """
    if look == "everywhere":
        return None
    if look == "white-matter":
        return _likely()[prepared.slab.first : prepared.slab.first + prepared.slab.count]
    if prepared.look_mask is None:
        raise ScanError("look", "There is no mask to look within. Give one on the grid of the scan.")
    if not (prepared.look_mask & prepared.brain_mask).any():
        raise ScanError("look", "The mask to look within meets no brain at these axial levels. Check the mask.")
    return prepared.look_mask.astype(np.float32)


def lowered(values: np.ndarray, weight: np.ndarray, probable: bool) -> np.ndarray:
    """(D, 256, 256) residuals times their weight; of a score that is near a probability, `probable`, the odds."""
    if not probable:
        return values * weight
    return np.minimum(values * weight / np.maximum(1 - values * (1 - weight), TINY), values)


@lru_cache(maxsize=1)
def _likely() -> np.ndarray:
    """(155, 256, 256) float32: the smoothed share of the template's tissues in which white-matter disease lies."""
    tissues = template().tissues_in(WHOLE_BRAIN)
    inside = np.isin(tissues, [TISSUE_CODES[name] for name in LIKELY])
    return ndimage.gaussian_filter(inside.astype(np.float32), SMOOTH_MM)
