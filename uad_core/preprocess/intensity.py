"""Grey values: edge-preserving denoising, and one scale for all scanners."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from uad_core.volume import ScanError

BRAIN_MEDIAN = 0.5  # where the brain's median lies after normalisation
_TIME_STEP = 0.0625  # of the flow; ITK's default in three dimensions, above which it becomes unstable


def denoise(array: np.ndarray, iterations: int) -> np.ndarray:
    """CurvatureFlow, as in the paper: (D, H, W) float32 on a grid of 1 mm; 0 iterations change nothing.

    Source: Sethian, Level Set Methods and Fast Marching Methods, 1999. A single slice is smoothed in plane.
    """
    if iterations == 0:
        return array
    single = array.shape[0] == 1
    image = sitk.GetImageFromArray((array[0] if single else array).astype(np.float32))
    smooth = sitk.GetArrayFromImage(sitk.CurvatureFlow(image, _TIME_STEP, iterations)).astype(np.float32)
    return smooth[None] if single else smooth


def normalise(array: np.ndarray, brain_mask: np.ndarray) -> np.ndarray:
    """0 stays 0, the brain's median becomes 0.5, clipped to [0, 1], 0 outside the brain.

    Lesions hardly move the median of a brain, where they do move its maximum or a high percentile; up
    to twice the median they keep their contrast.

    Args:
        array: (D, H, W) magnitudes.
        brain_mask: (D, H, W) bool.

    Raises:
        ScanError: `normalise_failed` where the brain's median is not positive.
    """
    median = float(np.median(array[brain_mask])) if brain_mask.any() else 0.0
    if not median > 0:
        raise ScanError(
            "normalise_failed",
            "The brain of this scan is black, or no brain lies at the levels asked for. Check the scan and its mask.",
        )
    scaled = np.clip(array * (BRAIN_MEDIAN / median), 0, 1)
    return np.where(brain_mask, scaled, 0).astype(np.float32)
