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
        degree = int(self.terms.max(initial=0))
        cube = np.zeros((degree + 1,) * 3)
        cube[tuple(self.terms.T)] = self.coefficients
        along = [legendre.legvander(positions, degree) for positions in box]
        planes = np.einsum("abc,hb,wc->ahw", cube, along[1], along[2], optimize=True)
        log = np.tensordot(along[0].astype(np.float32), planes.astype(np.float32), 1)
        log -= np.float32(self.offset)
        gain: np.ndarray = np.exp(log, out=log)
        return gain

    @property
    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        return self.centre, self.half


def terms_up_to(degree: int, shape: tuple[int, int, int]) -> np.ndarray:
    """(K, 3) exponents of total degree 1 to `degree`, in its order; along an axis of n points at most n - 1."""
    grid = np.stack(np.meshgrid(*[np.arange(degree + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.argsort(grid.sum(axis=1), kind="stable")]
    total = grid.sum(axis=1)
    return grid[(total >= 1) & (total <= degree) & (grid < np.array(shape)).all(axis=1)]


def basis(points: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """(N, K) float32 values of the terms at (N, 3) points in [-1, 1]."""
    powers = [legendre.legvander(points[:, axis], int(terms.max())).astype(np.float32) for axis in range(3)]
    values = powers[0][:, terms[:, 0]]
    for axis in (1, 2):
        values *= powers[axis][:, terms[:, axis]]
    return values
