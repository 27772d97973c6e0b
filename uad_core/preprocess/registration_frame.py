"""How a volume is shown to the registration: small, its brain alone, in a frame that does not know its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uad_core.atlas.masks import bounding_box
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume

if TYPE_CHECKING:
    import SimpleITK as sitk

_LPS = np.diag([-1.0, -1.0, 1.0])  # ITK's world has x to the left and y to posterior


@dataclass(frozen=True)
class RegistrationConfig:
    """How the transform is searched: rigid, then affine, each on two levels."""

    working_mm: float = 2.0  # both images are averaged down to about this; finer ones gain nothing
    bins: int = 32  # of the joint histogram (Mattes et al., IEEE Trans Med Imaging 22 (2003) 120)
    shrink: tuple[int, ...] = (4, 2)  # of the atlas, per level, on top of `working_mm`: 8 mm, then 4 mm
    sigma_mm: tuple[float, ...] = (4.0, 2.0)  # smoothing of both images, per level
    sampling: tuple[float, ...] = (0.8, 0.4)  # share of the atlas voxels that the metric samples, per level
    seed: int = 1  # of that random sample; with one thread the result repeats to the last bit
    margin_mm: float = 12.0  # the metric also sees this rim around the atlas brain: the outline counts
    max_step: float = 1.0
    settling_step: float = 0.25  # of one more search from where the one from a known start ended
    min_step: float = 1e-4
    iterations: int = 300  # at most; 10 to 60 are usual
    relaxation: float = 0.5
    clip_quantile: float = 0.995  # a few bright voxels would squeeze the rest into one or two bins


@dataclass(frozen=True, eq=False)
class SearchFrame:
    """The millimetre frame in which ITK sees a volume: its own axes' directions, its centre as the origin.

    Two files of one scan with flipped or permuted axes have the same canonical array, but affines that differ in the
    last digits, and a search started from other digits ends in other digits. Rounding the directions and leaving the
    offset out takes that away.
    """

    spacing: np.ndarray  # (3,) mm, in ITK's order: W, H, D
    direction: np.ndarray  # (3, 3), columns along W, H, D, in LPS
    origin: np.ndarray  # (3,) of voxel 0
    to_world: AffineTransform  # frame mm -> world mm, RAS

    @classmethod
    def of(cls, volume: Volume) -> SearchFrame:
        columns = _LPS @ volume.affine[:3, 2::-1]
        lengths = np.linalg.norm(columns, axis=0)
        spacing, direction = np.round(lengths, 5), np.round(columns / lengths, 5)
        scaled = direction * spacing
        origin = -scaled @ ((np.array(volume.shape[::-1]) - 1) / 2)
        frame = np.eye(4)  # voxel (d, h, w) -> frame
        frame[:3, :3], frame[:3, 3] = scaled[:, ::-1], origin
        return cls(spacing, direction, origin, volume.to_world @ AffineTransform(frame).inverse)

    def brain(self, array: np.ndarray, mask: np.ndarray, config: RegistrationConfig) -> sitk.Image:
        """The masked image, without what lies far from the mask, at about `config.working_mm`."""
        ceiling = np.quantile(array[mask], config.clip_quantile)
        return self.small(np.where(mask, np.clip(array, 0, ceiling), 0).astype(np.float32), mask, config)

    def small(self, array: np.ndarray, mask: np.ndarray, config: RegistrationConfig) -> sitk.Image:
        import SimpleITK as sitk

        image = sitk.GetImageFromArray(array)
        image.SetSpacing(self.spacing.tolist())
        image.SetDirection(self.direction.ravel().tolist())
        image.SetOrigin(self.origin.tolist())
        reach = [int(np.ceil(config.margin_mm / spacing)) for spacing in self.spacing]
        image = image[bounding_box(mask, reach[::-1])[::-1]]
        return sitk.BinShrink(image, [max(1, int(config.working_mm / spacing + 0.01)) for spacing in self.spacing])

    def point(self, voxel: tuple[float, ...]) -> np.ndarray:
        """(3,) frame mm of a voxel position (d, h, w)."""
        return self.direction * self.spacing @ np.array(voxel)[::-1] + self.origin
