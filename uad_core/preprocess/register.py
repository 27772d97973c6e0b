"""Where a scan's brain lies in the atlas: one affine transform, by mutual information (SimpleITK).

The settings are those that worked on every raw FLAIR head that they were tried on; plain ones (no
mask, no pyramid, moments without a mask) lost two heads in four.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from uad_core.volume import ScanError, Volume

_LPS = np.diag([-1.0, -1.0, 1.0])  # ITK's world has x to the left and y to posterior


@dataclass(frozen=True)
class RegistrationConfig:
    """How the transform is searched. There is no full-resolution level: it costs minutes and gains nothing."""

    bins: int = 32  # of the joint histogram (Mattes et al., IEEE Trans Med Imaging 22 (2003) 120)
    sampling: float = 0.10  # share of the fixed voxels that the metric looks at
    seed: int = 1  # of that random sample; with one thread the result repeats to the last bit
    shrink: tuple[int, ...] = (8, 4)
    sigma_mm: tuple[float, ...] = (4.0, 2.0)
    margin_voxels: int = 6  # the metric also sees this rim around the atlas brain: the outline counts
    max_step: float = 1.0
    min_step: float = 1e-4
    iterations: int = 300
    relaxation: float = 0.5
    clip_quantile: float = 0.995  # a few bright voxels would squeeze the rest into one or two bins


@dataclass(frozen=True, eq=False)
class AffineTransform:
    """Where a point of the atlas lies in the scan.

    Attributes:
        matrix: (4, 4) float64, read-only: atlas world mm -> scan world mm, both RAS+.
    """

    matrix: np.ndarray

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
            raise ValueError("an affine transform needs an invertible (4, 4) matrix of finite numbers")
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def identity(cls) -> AffineTransform:
        """Of a scan that lies in atlas space already."""
        return cls(np.eye(4))

    def to_scan(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) atlas world mm -> (N, 3) scan world mm."""
        return np.asarray(points) @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def to_atlas(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) scan world mm -> (N, 3) atlas world mm."""
        return AffineTransform(np.linalg.inv(self.matrix)).to_scan(points)


def register(
    moving: Volume,
    moving_mask: np.ndarray,
    fixed: Volume,
    fixed_mask: np.ndarray,
    config: RegistrationConfig = RegistrationConfig(),
) -> AffineTransform:
    """The affine transform that lays the atlas over the scan: a rigid search, then an affine one.

    Args:
        moving: the scan; its values outside `moving_mask` are not looked at.
        moving_mask: (D, H, W) bool, its brain.
        fixed: the atlas image.
        fixed_mask: (D, H, W) bool, the atlas brain.

    Returns:
        The same bits for the same scan, in whatever order and direction its file stores the axes:
        the search runs in a frame that does not know the file (see `_Frame`).

    Raises:
        ScanError: `registration_failed` where the search finds no overlap at all.
    """
    if not moving_mask.any():
        raise ScanError("registration_failed", "The scan could not be registered: its brain mask is empty.")
    moving_frame, fixed_frame = _Frame.of(moving), _Frame.of(fixed)
    moving_image = moving_frame.image(_brain_only(moving.array, moving_mask, config.clip_quantile))
    fixed_image = fixed_frame.image(_brain_only(fixed.array, fixed_mask, config.clip_quantile))
    region = sitk.BinaryDilate(fixed_frame.image(fixed_mask.astype(np.uint8)), [config.margin_voxels] * 3)

    centre = fixed_frame.point(ndimage.center_of_mass(fixed_mask))
    rigid = sitk.Euler3DTransform()
    rigid.SetCenter(centre.tolist())
    rigid.SetTranslation((moving_frame.point(ndimage.center_of_mass(moving_mask)) - centre).tolist())
    try:
        _search(fixed_image, moving_image, region, rigid, config)
        affine = sitk.AffineTransform(3)
        affine.SetCenter(rigid.GetCenter())
        affine.SetMatrix(rigid.GetMatrix())
        affine.SetTranslation(rigid.GetTranslation())
        _search(fixed_image, moving_image, region, affine, config)
    except RuntimeError as error:  # SimpleITK's only type; its text names source files
        raise ScanError(
            "registration_failed",
            "The scan could not be registered to the atlas: the two brains were never brought to overlap. "
            "Check that it is a whole-brain FLAIR and that its brain mask is right.",
        ) from error
    return AffineTransform(moving_frame.to_world @ _matrix(affine) @ np.linalg.inv(fixed_frame.to_world))


def _search(
    fixed: sitk.Image, moving: sitk.Image, region: sitk.Image, transform: sitk.Transform, config: RegistrationConfig
) -> None:
    """Improves `transform` in place."""
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfWorkUnits(1)  # sums over threads come in any order; here only, not for the whole process
    method.SetMetricAsMattesMutualInformation(config.bins)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(config.sampling, config.seed)
    method.SetMetricFixedMask(region)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        config.max_step, config.min_step, config.iterations, config.relaxation
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(list(config.shrink))
    method.SetSmoothingSigmasPerLevel(list(config.sigma_mm))
    method.SetSmoothingSigmasAreSpecifiedInPhysicalUnits(True)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(fixed, moving)


def _brain_only(array: np.ndarray, mask: np.ndarray, clip_quantile: float) -> np.ndarray:
    ceiling = np.quantile(array[mask], clip_quantile)
    return np.where(mask, np.clip(array, 0, ceiling), 0).astype(np.float32)


def _matrix(affine: sitk.AffineTransform) -> np.ndarray:
    """(4, 4) of y = A (x - centre) + centre + translation."""
    linear, centre = np.array(affine.GetMatrix()).reshape(3, 3), np.array(affine.GetCenter())
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = centre + np.array(affine.GetTranslation()) - linear @ centre
    return matrix


@dataclass(frozen=True, eq=False)
class _Frame:
    """The millimetre frame in which ITK sees a volume: its own axes' directions, its centre as the origin.

    Two files of one scan with flipped or permuted axes have the same canonical array, but affines that
    differ in the last digits, and a search started from other digits ends in other digits. Rounding the
    directions and leaving the offset out takes that away.
    """

    spacing: np.ndarray  # (3,) mm, in ITK's order: W, H, D
    direction: np.ndarray  # (3, 3), columns along W, H, D, in LPS
    origin: np.ndarray  # (3,) of voxel 0
    to_world: np.ndarray  # (4, 4) frame mm -> world mm, RAS

    @classmethod
    def of(cls, volume: Volume) -> _Frame:
        columns = _LPS @ volume.affine[:3, 2::-1]
        lengths = np.linalg.norm(columns, axis=0)
        spacing, direction = np.round(lengths, 5), np.round(columns / lengths, 5)
        scaled = direction * spacing
        origin = -scaled @ ((np.array(volume.shape[::-1]) - 1) / 2)
        frame = np.eye(4)  # voxel (d, h, w) -> frame
        frame[:3, :3], frame[:3, 3] = scaled[:, ::-1], origin
        return cls(spacing, direction, origin, volume.affine @ np.linalg.inv(frame))

    def image(self, array: np.ndarray) -> sitk.Image:
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(self.spacing.tolist())
        image.SetDirection(self.direction.ravel().tolist())
        image.SetOrigin(self.origin.tolist())
        return image

    def point(self, voxel: tuple[float, ...]) -> np.ndarray:
        """(3,) frame mm of a voxel position (d, h, w)."""
        return self.direction * self.spacing @ np.array(voxel)[::-1] + self.origin
