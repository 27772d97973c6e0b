"""One interpolation from one voxel grid to another (SimpleITK)."""

import numpy as np
import SimpleITK as sitk

from uad_core.io.affine import AffineTransform

_INTERPOLATORS = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear}
_DECIMALS = 7  # of a voxel: far below what matters, far above what flips of a file's axes change


def resample(array: np.ndarray, voxel_map: AffineTransform, shape: tuple[int, int, int], order: int) -> np.ndarray:
    """`array` seen from another grid; 0 where that grid reaches beyond it.

    Returns (D, H, W) of `shape`: bool for a bool array at order 0, the array's own type otherwise (float32 for a bool
    array at order 1).

    Args:
        array: (D, H, W), bool, uint8 or float.
        voxel_map: voxel (d, h, w) of the new grid -> voxel of `array`.
        shape: of the new grid.
        order: 0 nearest (masks), 1 linear (maps).
    """
    if order not in _INTERPOLATORS:
        raise ValueError(f"order must be 0 (nearest) or 1 (linear), got {order}")
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
