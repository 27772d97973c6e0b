"""The scan as axial slices of the atlas, and results back on the scan's own grid."""

import numpy as np

from uad_core.atlas.masks import bounding_box
from uad_core.atlas.space import ATLAS_SHAPE, Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume

_DECIMALS = 7  # of a voxel: far below what matters, far above what flips of a file's axes change


def to_slab(
    volume: Volume, brain_mask: np.ndarray, transform: AffineTransform, slab: Slab
) -> tuple[np.ndarray, np.ndarray]:
    """The brain at the levels of the slab, by one linear interpolation.

    Only brain voxels have a say in a value: the interpolated brain is divided by the interpolated mask. So a raw head
    with a mask and the same head stripped beforehand give the same slab, without the dark rim that interpolating
    against a zeroed background leaves. Returns (count, 256, 256) float32 in the scan's own units, 0 outside the brain,
    and the brain mask, (count, 256, 256) bool: where at least half of a voxel is brain.
    """
    voxel_map = _voxel_map(volume, transform, slab)
    share = resample(brain_mask.astype(np.float32), voxel_map, slab.shape, order=1)
    brain = resample(np.where(brain_mask, volume.array, np.float32(0)), voxel_map, slab.shape, order=1)
    inside = share >= 0.5
    return np.divide(brain, share, out=np.zeros_like(brain), where=inside), inside


def mask_to_slab(mask: np.ndarray, volume: Volume, transform: AffineTransform, slab: Slab) -> np.ndarray:
    """A bool mask on the scan's grid at the levels of the slab, (count, 256, 256): the nearest voxel."""
    return resample(mask, _voxel_map(volume, transform, slab), slab.shape, order=0)


def grown_in_plane(mask: np.ndarray, radius_mm: float) -> np.ndarray:
    """(D, 256, 256) bool: `mask` and what lies up to `radius_mm` beside it on the same axial level."""
    import SimpleITK as sitk

    radius = round(radius_mm)
    box, grown = bounding_box(mask, (0, radius, radius)), np.zeros_like(mask)
    image = sitk.GetImageFromArray(mask[box].astype(np.uint8))
    grown[box] = sitk.GetArrayFromImage(sitk.BinaryDilate(image, [radius, radius, 0]))
    return grown


def from_slab(array: np.ndarray, slab: Slab, transform: AffineTransform, volume: Volume, order: int) -> np.ndarray:
    """(count, 256, 256) `array` on the scan's canonical grid (D, H, W), by one interpolation; 0 beyond the slab."""
    if array.shape != slab.shape:
        raise ValueError(f"array must be {slab.shape}, got {array.shape}")
    return resample(array, _voxel_map(volume, transform, slab).inverse, volume.shape, order)


def widened(slab: Slab, levels: int) -> tuple[Slab, slice]:
    """The slab with up to `levels` more on either side, and where the old one lies in it."""
    first = max(0, slab.first - levels)
    end = min(ATLAS_SHAPE[0], slab.first + slab.count + levels)
    start = slab.first - first
    return Slab(first, end - first), slice(start, start + slab.count)


def _voxel_map(volume: Volume, transform: AffineTransform, slab: Slab) -> AffineTransform:
    """Slab voxel -> scan voxel."""
    return volume.to_world.inverse @ transform @ slab.to_world


def resample(array: np.ndarray, voxel_map: AffineTransform, shape: tuple[int, int, int], order: int) -> np.ndarray:
    """`array`, (D, H, W) bool, uint8 or float, seen from another grid of that `shape`; 0 where that reaches beyond it.

    `voxel_map`: voxel (d, h, w) of the new grid -> voxel of `array`. `order`: 0 nearest (masks), 1 linear (maps).
    """
    import SimpleITK as sitk

    interpolators = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear}
    if order not in interpolators:
        raise ValueError(f"order must be 0 (nearest) or 1 (linear), got {order}")
    values = array.astype(np.uint8 if order == 0 else np.float32) if array.dtype == bool else array
    # Both grids as plain voxel counts, in ITK's order (w, h, d): no millimetres, nothing to disagree about.
    turned = np.round(voxel_map.matrix, _DECIMALS)[[2, 1, 0, 3]][:, [2, 1, 0, 3]]
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(turned[:3, :3].ravel().tolist())
    transform.SetTranslation(turned[:3, 3].tolist())
    image = sitk.GetImageFromArray(np.ascontiguousarray(values))
    resampled = sitk.Resample(
        image, shape[::-1], transform, interpolators[order], (0.0,) * 3, (1.0,) * 3, np.eye(3).ravel().tolist(), 0.0
    )
    result = sitk.GetArrayFromImage(resampled)
    return result.astype(bool) if array.dtype == bool and order == 0 else result
