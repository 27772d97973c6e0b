"""Affine maps between voxels and millimetres, as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from nibabel.affines import apply_affine, voxel_sizes

_LEAST_DETERMINANT = 1e-6  # voxels of the smallest spacing that is read, 0.05 mm, have 1e-4


@dataclass(frozen=True, eq=False)
class AffineTransform:
    """Where a point of one space lies in another: voxel -> world mm, atlas world -> scan world, ...

    `b @ a` maps by `a` first, as matrices do. Raises ValueError: it cannot be inverted, or holds what is no number.
    """

    matrix: np.ndarray  # (4, 4) float64, read-only

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < _LEAST_DETERMINANT:
            raise ValueError("an affine transform needs an invertible (4, 4) matrix of finite numbers")
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def identity(cls) -> AffineTransform:
        return cls(np.eye(4))

    @classmethod
    def shift(cls, *offset: float) -> AffineTransform:
        """A move by `offset`, three numbers."""
        matrix = np.eye(4)
        matrix[:3, 3] = offset
        return cls(matrix)

    def __matmul__(self, first: AffineTransform) -> AffineTransform:
        return AffineTransform(self.matrix @ first.matrix)

    @cached_property
    def inverse(self) -> AffineTransform:
        return AffineTransform(np.linalg.inv(self.matrix))

    def apply(self, points: np.ndarray | tuple[float, float, float]) -> np.ndarray:
        """(..., 3) points of the first space in the second."""
        return apply_affine(self.matrix, points)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """How long a step of 1 along each axis of the first space is in the second: mm, of voxel -> world."""
        first, second, third = voxel_sizes(self.matrix)
        return float(first), float(second), float(third)

    @property
    def volume_scale(self) -> float:
        """How much volume of the second space a unit of the first takes: mm3 a voxel, of voxel -> world."""
        return float(abs(np.linalg.det(self.matrix[:3, :3])))

    def __repr__(self) -> str:
        steps, origin = (", ".join(f"{x:.4g}" for x in values) for values in (self.spacing, self.matrix[:3, 3]))
        return f"AffineTransform(steps of {steps}; 0, 0, 0 lies at {origin})"
