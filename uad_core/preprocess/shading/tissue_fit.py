"""Tissue classes and a smooth field, fitted together.

Log intensity = mean of a class + smooth field + noise. Three Gaussian classes (fluid, grey, white) with the atlas's
probabilities and a uniform one for outliers; the field follows the two tissues alone, fluid has no say. Expectation
maximisation as in Van Leemput et al., IEEE Trans Med Imaging 18 (1999) 885 and, for outliers, 20 (2001) 677.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from uad_core.preprocess.shading.coarse import CoarseBrain

_FREE = np.array([0.15, 0.45, 0.40])  # probability of the classes where the atlas has no say
_START = np.array([-0.7, 0.03, -0.03])  # log means of the classes, of the median tissue
_START_SD = np.array([0.35, 0.15, 0.15])
_FLUID_SD, _TISSUE_SD = 0.5, 0.08  # at most: a wider class would take lesions in
_LEAST_VARIANCE = 2e-4
_SETTLED = 5e-4  # of the field: a step that changes it less ends the search


@dataclass(frozen=True, eq=False)
class TissueFit:
    """State of the search."""

    mean: np.ndarray  # (3,) log intensity of fluid, grey, white
    sd: np.ndarray  # (3,)
    field: np.ndarray  # (N,) log field at every voxel, also at those without a say
    coefficients: np.ndarray  # (K,) of all terms; 0 beyond the degree of the fit

    def residual(self, brain: CoarseBrain) -> np.ndarray:
        """(N,) log intensity beyond the field and the tissue that the atlas expects."""
        tissue = brain.prior[:, 1:]
        return brain.log - self.field - tissue @ self.mean[1:] / tissue.sum(axis=1)


class TissueModel:
    """Fits of one brain that share its priors and its basis."""

    def __init__(self, brain: CoarseBrain, basis: np.ndarray, degree: np.ndarray, ridge: float) -> None:
        """`basis`, (N, K) float32, of terms of rising total `degree`, (K,); `ridge`: penalty of a field of degree 1."""
        self.brain, self.basis, self.degree, self.ridge = brain, basis, degree, ridge
        self.prior = 0.5 * (_FREE + brain.prior)
        self.outlier = 0.2 / (np.ptp(brain.log) + 0.5)  # weight 0.2 of a uniform density

    def of(self, brain: CoarseBrain, ridge: float | None = None) -> "TissueModel":
        """The same of the brain with other log intensities, or with another penalty."""
        return TissueModel(brain, self.basis, self.degree, self.ridge if ridge is None else ridge)

    def start(self) -> TissueFit:
        log = self.brain.log
        middle = np.median(log[log > np.median(log) - 0.5])
        return TissueFit(middle + _START, _START_SD, np.zeros_like(log), np.zeros(len(self.degree)))

    def fit(self, before: TissueFit, degree: int, used: np.ndarray, steps: int) -> TissueFit:
        """At most `steps` of expectation maximisation; only voxels where `used`, (N,) bool, have a say."""
        terms = np.count_nonzero(self.degree <= degree)
        basis = self.basis[:, :terms]
        penalty = self.ridge * used.sum() * self.degree[:terms].astype(float) ** 2
        log, prior = self.brain.log, np.where(used, self.prior.T, 0)  # (3, N): long rows are quick
        mean, sd, field = before.mean.copy(), before.sd.copy(), before.field
        coefficients = np.zeros(len(self.degree))
        for _ in range(steps):
            flat = log - field
            share = self._shares(flat, mean, sd, prior)
            total = share.sum(axis=1) + 1e-6
            mean = share @ flat / total
            sd = np.sqrt((share * (flat - mean[:, None]) ** 2).sum(axis=1) / total + _LEAST_VARIANCE)
            sd = np.minimum(sd, [_FLUID_SD, _TISSUE_SD, _TISSUE_SD])
            precision = share[1:] / sd[1:, None] ** 2
            weight = precision.sum(axis=0)
            wanted = (precision * (log - mean[1:, None])).sum(axis=0)
            weighted = basis * np.sqrt(weight, dtype=np.float32)[:, None]
            normal = (weighted.T @ weighted).astype(np.float64)  # of one array with itself: half the operations
            normal[np.diag_indices_from(normal)] += penalty / np.median(sd[1:]) ** 2
            coefficients[:terms] = cho_solve(cho_factor(normal), basis.T @ wanted.astype(np.float32))
            new = (basis @ coefficients[:terms].astype(np.float32)).astype(np.float64)
            change, field = np.abs(new - field)[used].max(), new
            if change < _SETTLED:
                break
        return TissueFit(mean, sd, field, coefficients)

    def held_out_errors(
        self, fit: TissueFit, used: np.ndarray, folds: np.ndarray, ridges: Sequence[float]
    ) -> np.ndarray:
        """(R,) squared error of each fold's voxels, weighted as in `fit`, under fields fitted to the others alone."""
        share = self._shares(self.brain.log - fit.field, fit.mean, fit.sd, np.where(used, self.prior.T, 0))
        precision = share[1:] / fit.sd[1:, None] ** 2
        weight = precision.sum(axis=0).astype(np.float32)
        wanted = (precision * (self.brain.log - fit.mean[1:, None])).sum(axis=0).astype(np.float32)
        penalty = used.sum() * self.degree.astype(float) ** 2 / np.median(fit.sd[1:]) ** 2
        sums = []
        for fold in np.unique(folds):
            basis, own = self.basis[folds == fold], weight[folds == fold]
            weighted = basis * np.sqrt(own)[:, None]
            sums.append(((weighted.T @ weighted).astype(float), (basis.T @ wanted[folds == fold]).astype(float)))
        normal, right = (sum(part) for part in zip(*sums, strict=True))
        errors = np.zeros(len(ridges))
        for index, ridge in enumerate(ridges):
            for own_normal, own_right in sums:
                rest = normal - own_normal + np.diag(ridge * penalty * (1 - 1 / len(sums)))
                found = cho_solve(cho_factor(rest), right - own_right)
                errors[index] += found @ own_normal @ found - 2 * found @ own_right
        return errors + float((wanted**2 / np.maximum(weight, 1e-9)).sum())

    def _shares(self, flat: np.ndarray, mean: np.ndarray, sd: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """(3, N) probability of each class, given (N,) log intensities without the field."""
        off = flat - mean[:, None]
        density = prior * np.exp(-0.5 * (off / sd[:, None]) ** 2) / (sd[:, None] * np.sqrt(2 * np.pi))
        share: np.ndarray = density / (density.sum(axis=0) + self.outlier)
        return share
