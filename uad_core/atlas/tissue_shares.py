"""How likely a tissue is at a place: the template's, blurred by how far people's anatomies lie apart."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from uad_core.atlas.template import TISSUE_CODES, template

STEP = 2  # voxels of the template along each axis that one value stands for


@lru_cache(maxsize=4)
def tissue_shares(classes: tuple[tuple[str, ...], ...], sigma_mm: float) -> np.ndarray:
    """(K, 77, 120, 120) float32 shares of K classes, each of some of `TISSUES`, blurred by a Gaussian."""
    maps = [np.isin(template().tissues, [TISSUE_CODES[name] for name in names]) for names in classes]
    return np.stack([ndimage.gaussian_filter(_coarse(one), sigma_mm / STEP) for one in maps])


def _coarse(tissue: np.ndarray) -> np.ndarray:
    import SimpleITK as sitk

    image = sitk.BinShrink(sitk.GetImageFromArray(tissue.astype(np.float32)), [STEP] * 3)
    return sitk.GetArrayFromImage(image)
