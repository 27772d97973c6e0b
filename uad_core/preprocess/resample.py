"""One interpolation from one voxel grid to another (SimpleITK)."""

import numpy as np
import SimpleITK as sitk

from uad_core.io.affine import AffineTransform

_INTERPOLATORS = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear}
_DECIMALS = 7  # of a voxel: far below what matters, far above what flips of a file's axes change


def resample(array: np.ndarray, voxel_map: AffineTransform, shape: tuple[int, int, int], order: int) -> np.ndarray:
    """`array`, (D, H, W) bool, uint8 or float, seen from another grid of that `shape`; 0 where that reaches beyond it.

    `voxel_map`: voxel (d, h, w) of the new grid -> voxel of `array`. `order`: 0 nearest (masks), 1 linear (maps).
    """
    values = array.astype(np.uint8 if order == 0 else np.float32) if array.dtype == bool else array
    # Both grids as plain voxel counts, in ITK's order (w, h, d): no millimetres, nothing to disagree about.
    turned = np.round(voxel_map.matrix, _DECIMALS)[[2, 1, 0, 3]][:, [2, 1, 0, 3]]
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(turned[:3, :3].ravel().tolist())
    transform.SetTranslation(turned[:3, 3].tolist())
    image = sitk.GetImageFromArray(np.ascontiguousarray(values))
    resampled = sitk.Resample(
        image, shape[::-1], transform, _INTERPOLATORS[order], (0.0,) * 3, (1.0,) * 3, np.eye(3).ravel().tolist(), 0.0
    )
    result = sitk.GetArrayFromImage(resampled)
    return result.astype(bool) if array.dtype == bool and order == 0 else result
