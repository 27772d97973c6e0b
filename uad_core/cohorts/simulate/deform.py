"""Smooth random shapes: diffeomorphisms of the atlas, and an anatomy resampled through them, once."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_SHAPE
from uad_core.cohorts.simulate.anatomy import SOFT_MAX, Anatomy
from uad_core.cohorts.simulate.tissues import Tissue
from uad_core.io.affine import AffineTransform

STEP = 4  # atlas voxels (mm) between the nodes of a displacement field: it holds nothing finer than 8 mm
BOX = (slice(0, 150), slice(34, 224), slice(43, 197))  # D, H, W of the atlas: SRI24's brain and 8 to 10 mm


@dataclass(frozen=True, eq=False)
class Deformation:
    """Where an atlas point is looked up: at `affine` of `x + displacement(x)`."""

    displacement: np.ndarray  # (3, d, h, w) float64, atlas voxels along D, H, W, on nodes `STEP` voxels apart
    affine: AffineTransform = field(default_factory=AffineTransform.identity)  # atlas voxel -> atlas voxel

    @classmethod
    def identity(cls) -> "Deformation":
        return cls(np.zeros((3, *node_shape())))


def node_shape() -> tuple[int, int, int]:
    depth, height, width = (-(-n // STEP) + 1 for n in ATLAS_SHAPE)
    return depth, height, width


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> np.ndarray:
    """White noise, low-passed to `sigma` nodes and scaled to standard deviation 1."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), sigma, mode="wrap")
    return noise / noise.std()


def exponential(velocity: np.ndarray, squarings: int = 6) -> np.ndarray:
    """The displacement of the flow of a (3, d, h, w) velocity, in voxels (Arsigny et al., MICCAI 2006)."""
    displacement = velocity / 2**squarings
    grid = np.indices(velocity.shape[1:], dtype=float)
    for _ in range(squarings):
        where = grid + displacement
        displacement = displacement + np.stack(
            [ndimage.map_coordinates(axis, where, order=1, mode="nearest") for axis in displacement]
        )
    return displacement


def random_deformation(
    rng: np.random.Generator, shifts_mm: tuple[tuple[float, float], ...], affine_sd: float
) -> Deformation:
    """A random shape: summed shifts, (standard deviation, smoothness as a Gaussian's sigma) in mm, and an affine map.

    `affine_sd`: of the affine remainder that registration leaves: scales and shears, and rotations in radians.
    """
    velocity = np.zeros((3, *node_shape()))
    for shift_mm, sigma_mm in shifts_mm:
        for axis in velocity:
            axis += smooth_noise(rng, axis.shape, sigma_mm / STEP) * (shift_mm / STEP)
    matrix = np.eye(4)
    matrix[:3, :3] += affine_sd * rng.standard_normal((3, 3))
    centre = (np.array(ATLAS_SHAPE) - 1) / 2
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + rng.standard_normal(3)
    return Deformation(exponential(velocity) * STEP, AffineTransform(matrix))


@dataclass(frozen=True, eq=False)
class Resampled:
    """An anatomy in atlas space, cut to `BOX`; its maps are kept only where there is brain."""

    near: np.ndarray  # (D, H, W) bool, the brain and about 2 mm around it: what the point spread reaches
    brain: np.ndarray  # (D, H, W) bool, what brain extraction leaves
    maps: np.ndarray  # (K, N) float32 memberships of the N voxels of `near`; they sum to 1

    def dense(self, values: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """(N,) values of the voxels of `near` -> (D, H, W) float32."""
        volume = np.full(self.near.shape, outside, np.float32)
        volume[self.near] = values
        return volume

    def mixture(self, values: np.ndarray) -> np.ndarray:
        """(N,) float32: the mean of `values` (one a tissue), weighted by the memberships."""
        return np.asarray(values, dtype=np.float32) @ self.maps


def narrowed(resampled: Resampled, taken: float) -> Resampled:
    """CSF keeps what exceeds the share `taken`, [0, 1), of a voxel; the solid tissue there grows into the rest.

    So a sulcus narrows by up to the width of the maps' soft edges.
    """
    maps = resampled.maps.copy()
    before, solid = maps[Tissue.CSF].copy(), maps[Tissue.CORTEX :].sum(axis=0)
    after = np.where(solid > 0, np.maximum(0, (before - taken) / (1 - taken)), before)
    maps[Tissue.CORTEX :] *= 1 + (before - after) / np.maximum(solid, 1e-6)
    maps[Tissue.CSF] = after
    return replace(resampled, maps=maps)


def resample(anatomy: Anatomy, deformation: Deformation, edge: float = 0.5) -> Resampled:
    """The anatomy in atlas space, deformed, interpolated once; `edge` cuts the brain's soft outline."""
    if anatomy.from_atlas is None:
        raise ValueError(f"anatomy {anatomy.name} has not been located in the atlas")
    place = np.stack(np.meshgrid(*(np.arange(s.start, s.stop, dtype=np.float32) for s in BOX), indexing="ij"))
    place += upsampled(deformation.displacement)
    matrix = (anatomy.from_atlas @ deformation.affine).matrix.astype(np.float32)
    where = np.tensordot(matrix[:3, :3], place, axes=1) + matrix[:3, 3, None, None, None]  # in the anatomy
    outline = ndimage.map_coordinates(anatomy.brain, where, np.float32, order=1, prefilter=False) / SOFT_MAX
    near = outline > edge - 0.4  # the outline is smoothed over 1.5 mm
    points = where[:, near]
    maps = np.empty((len(anatomy.memberships), points.shape[1]), np.float32)
    for soft, source in zip(maps, anatomy.memberships, strict=True):
        ndimage.map_coordinates(source, points, soft, order=1, prefilter=False)
    maps[0] += SOFT_MAX - maps.sum(axis=0)  # beyond the label map there is nothing but background
    return Resampled(near, outline > edge, maps / SOFT_MAX)


def upsampled(nodes: np.ndarray) -> np.ndarray:
    """(..., d, h, w) values on nodes -> (..., D, H, W) float32 on the voxels of `BOX`, trilinear."""
    values = np.asarray(nodes, dtype=np.float32)
    for axis, span in enumerate(BOX):
        position = np.arange(span.start, span.stop) / STEP
        weight = np.maximum(0, 1 - np.abs(position[:, None] - np.arange(values.shape[axis - 3])))
        values = np.moveaxis(np.tensordot(weight.astype(np.float32), values, axes=(1, axis - 3)), 0, axis - 3)
    return np.ascontiguousarray(values)
