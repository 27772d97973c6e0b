"""The brain on a coarse grid, where a smooth field costs little: log intensities and what the atlas expects there."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.atlas.masks import bounding_box
from uad_core.atlas.template import template
from uad_core.atlas.tissue_shares import STEP, tissue_shares
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.slab import resample

_FULL = 0.9  # share of a coarse voxel that must be brain
_BOTH = 0.12  # log intensity by which grey matter is brighter on both sides of a healthy brain, at most
_DARKEST = 0.02  # of the mean: log of what is darker is taken there
_PRIOR_MM = 4.0  # smoothness of the atlas's tissue maps: an affine map is no better than that
_CLASSES = (
    ("CSF", "ventricles"),
    ("cortex", "deep grey matter", "cerebellum"),
    ("white matter", "brain stem"),
)  # fluid, grey, white


@dataclass(frozen=True, eq=False)
class CoarseBrain:
    """N voxels of brain on a grid of about `mm`."""

    inside: np.ndarray  # (D, H, W) bool: N true
    log: np.ndarray  # (N,) log intensity
    prior: np.ndarray  # (N, 3) probability of fluid, grey and white matter by the atlas
    spacing_mm: np.ndarray  # (3,)
    origin: np.ndarray  # (3,) voxel of the scan at the middle of coarse voxel 0, 0, 0
    step: np.ndarray  # (3,) voxels of the scan a coarse voxel
    mirror: AffineTransform  # coarse voxel -> the one at the same place on the other side of the atlas's midplane

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.spacing_mm)) / 1000

    def volume(self, values: np.ndarray) -> np.ndarray:
        """(D, H, W) float32 of (N,) values, 0 outside."""
        array = np.zeros(self.inside.shape, np.float32)
        array[self.inside] = values
        return array

    def one_sided(self, values: np.ndarray) -> np.ndarray:
        """(N,) of (N,) values, less what is as bright on the other side, up to a bound and not in white matter.

        Insula, cingulum and basal forebrain are bright on both sides of a healthy brain; white matter never is.
        """
        other = resample(np.clip(self.volume(values), 0, _BOTH), self.mirror, self.inside.shape, order=1)[self.inside]
        return values - (1 - self.prior[:, 2]) * other

    def smoothed(self, values: np.ndarray, sigma_mm: float) -> np.ndarray:
        """(D, H, W) of (N,) values, by a Gaussian to which only the brain contributes."""
        sigma = sigma_mm / self.spacing_mm
        share = ndimage.gaussian_filter(self.inside.astype(np.float32), sigma)
        return ndimage.gaussian_filter(self.volume(values), sigma) / np.maximum(share, 0.2)


def shrink(scan: Volume, brain_mask: np.ndarray, transform: AffineTransform, mm: float) -> CoarseBrain:
    """Average the brain down to voxels of about `mm`. `transform`: atlas world -> scan world."""
    box = bounding_box(brain_mask, [0, 0, 0])
    start = np.array([side.start for side in box])
    mask = brain_mask[box].astype(np.float32)
    step = np.array([min(max(1, round(mm / s)), n) for s, n in zip(scan.spacing_mm, mask.shape, strict=True)])
    share = _averaged(mask, step)
    inside = share >= _FULL
    values = _averaged(scan.array[box] * mask, step)[inside] / share[inside]
    to_scan = np.eye(4)
    origin = start + (step - 1) / 2
    to_scan[:3, :3], to_scan[:3, 3] = np.diag(step), origin
    to_atlas = transform.inverse @ scan.to_world @ AffineTransform(to_scan)
    mirror = to_atlas.inverse @ _mirrored() @ to_atlas
    prior_map = _prior_grid().inverse @ to_atlas
    shares = tissue_shares(_CLASSES, _PRIOR_MM)
    prior = np.stack([resample(one, prior_map, inside.shape, order=1)[inside] for one in shares], axis=1) + 1e-3
    log = np.log(np.maximum(values, _DARKEST * values.mean())) if values.size else values
    spacing_mm = np.array(scan.spacing_mm) * step
    return CoarseBrain(inside, log, prior / prior.sum(axis=1, keepdims=True), spacing_mm, origin, step, mirror)


def _averaged(array: np.ndarray, step: np.ndarray) -> np.ndarray:
    import SimpleITK as sitk

    image = sitk.BinShrink(sitk.GetImageFromArray(array), [int(n) for n in step[::-1]])
    return sitk.GetArrayFromImage(image)


def _mirrored() -> AffineTransform:
    """Atlas world -> atlas world, left and right exchanged about the middle of the template's grid."""
    to_world = template().flair.to_world
    matrix = np.diag([1.0, 1.0, -1.0, 1.0])
    matrix[2, 3] = template().tissues.shape[2] - 1
    return to_world @ AffineTransform(matrix) @ to_world.inverse


def _prior_grid() -> AffineTransform:
    """Voxel of `tissue_shares` -> atlas world."""
    matrix = np.diag([STEP, STEP, STEP, 1.0])
    matrix[:3, 3] = (STEP - 1) / 2
    return template().flair.to_world @ AffineTransform(matrix)
