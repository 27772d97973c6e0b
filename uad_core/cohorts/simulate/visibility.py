"""Lesions that nobody could see on the scan are made brighter, or left out."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.lesions import LesionModel, SimulatedLesions

RING_MM = (1.0, 4.0)  # around a lesion: beyond its soft edge, and still its surroundings
TISSUE = 0.6  # darker is fluid, which a lesion is not compared with


def made_visible(
    lesions: SimulatedLesions, image: np.ndarray, scanner: Callable[[np.ndarray], np.ndarray], model: LesionModel
) -> SimulatedLesions:
    """`lesions`, each at least `least_contrast` brighter than the tissue around it once scanned.

    `image` is (D, H, W), healthy; `scanner` is linear. A lesion that would have to exceed `brightness_range` for that
    is taken out, from the truth as from the image.
    """
    labels, count = ndimage.label(lesions.mask, np.ones((3, 3, 3)))
    if not count:
        return lesions
    away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    owner = labels[tuple(nearest)] * (away <= RING_MM[1])  # whose surroundings a voxel is
    ring = owner * ((away > RING_MM[0]) & (image > TISSUE) & (lesions.share < 0.1))
    each = np.arange(1, count + 1)
    inside = ndimage.mean(scanner(lesions.add_to(image, model.halo)), labels, each)
    around = np.nan_to_num(ndimage.mean(scanner(image), ring, each), nan=1.0)  # no tissue around: white matter's
    gain = ndimage.mean(scanner(lesions.share), labels, each)  # of the lesion's mean, for its brightness
    missing = np.maximum(0, (1 + model.least_contrast) * around - inside) / np.maximum(gain, 1e-3)
    peak = ndimage.maximum(lesions.brightness, labels, each) + missing
    hopeless = (missing > 0) & (peak > model.brightness_range[1])
    kept = np.append(True, ~hopeless)[owner]
    added = np.append(0, np.where(hopeless, 0, missing)).astype(np.float32)[owner]
    return replace(lesions, share=lesions.share * kept, brightness=lesions.brightness + added)
