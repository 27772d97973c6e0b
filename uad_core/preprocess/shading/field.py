"""A smooth field as the few numbers that it is made of, to be seen from any grid."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

_BEYOND = 1.05  # of the brain's box: farther out the field keeps its value there


@dataclass(frozen=True, eq=False)
class ShadingField:
    """The logarithm of the shading: Legendre polynomials over the box of the brain on the scan's grid.

    Van Leemput, Maes, Vandermeulen, Suetens, IEEE Trans Med Imaging 18 (1999) 885, model it so.
    """

    coefficients: np.ndarray  # (K,) of the terms
    terms: np.ndarray  # (K, 3) int, degree along D, H, W
    centre: np.ndarray  # (3,) voxel of the scan
    half: np.ndarray  # (3,) half the box's edges, in voxels
    offset: float  # subtracted, so that the brain's mean is 0
    disputed: float  # what sharp-edged bright regions would add to the field's standard deviation, were they shading
    spread: float  # standard deviation of the log field over the brain: 0.1 is about 10 %

    def gain(self, shape: tuple[int, int, int]) -> np.ndarray:
        """(D, H, W) float32 of the scan's shape: how much brighter the scan is there than it would be without."""
        box = [np.clip((np.arange(n) - c) / h, -_BEYOND, _BEYOND) for n, c, h in zip(shape, *self._box, strict=True)]
        cube = np.zeros((self.terms.max(initial=0) + 1,) * 3)
        cube[tuple(self.terms.T)] = self.coefficients
        log: np.ndarray = legendre.leggrid3d(box[0], box[1], box[2], cube)
        return np.exp(log - self.offset).astype(np.float32)

    @property
    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        return self.centre, self.half


def terms_up_to(degree: int, shape: tuple[int, int, int]) -> np.ndarray:
    """(K, 3) exponents of total degree 1 to `degree`; along an axis of n points at most n - 1."""
    grid = np.stack(np.meshgrid(*[np.arange(degree + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    total = grid.sum(axis=1)
    return grid[(total >= 1) & (total <= degree) & (grid < np.array(shape)).all(axis=1)]


def basis(points: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """(N, K) float64 values of the terms at (N, 3) points in [-1, 1]."""
    powers = [legendre.legvander(points[:, axis], int(terms.max())) for axis in range(3)]
    return np.prod([powers[axis][:, terms[:, axis]] for axis in range(3)], axis=0)
