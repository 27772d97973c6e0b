"""Where lesions of multiple sclerosis grow: at the ventricles, under the cortex, and deep in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.deform import Resampled
from uad_core.cohorts.simulate.tissues import Tissue

PERIVENTRICULAR, JUXTACORTICAL, DEEP = range(3)


@dataclass(frozen=True, eq=False)
class LesionSites:
    """Candidate centres of each kind, (n, 3) voxels, and the cumulative probability of each."""

    voxels: tuple[np.ndarray, ...]
    cumulative: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, resampled: Resampled, white: np.ndarray, ventricle_distance: np.ndarray) -> LesionSites:
        solid_white = white > 0.9
        cortex = resampled.dense(resampled.maps[Tissue.CORTEX]) > 0.5
        to_cortex = ndimage.distance_transform_edt(~cortex).astype(np.float32)
        weights = (
            solid_white * np.exp(-((ventricle_distance - 2.5) ** 2) / 4) * (to_cortex > 3),
            solid_white * (to_cortex < 3.5) * (ventricle_distance > 6) * np.exp(-ventricle_distance / 30),
            solid_white * (to_cortex > 3.5) * (ventricle_distance > 4) * np.exp(-ventricle_distance / 15),
        )
        voxels, cumulative = [], []
        for weight in weights:
            found = np.argwhere(weight > 1e-3)
            total = np.cumsum(weight[tuple(found.T)], dtype=np.float64)
            voxels.append(found)
            cumulative.append(total / total[-1] if len(total) else total)
        return cls(tuple(voxels), tuple(cumulative))

    def pick(self, kind: int, rng: np.random.Generator) -> np.ndarray | None:
        chance = rng.random()
        if not len(self.voxels[kind]):
            return None
        return self.voxels[kind][int(np.searchsorted(self.cumulative[kind], chance))]


def axes_at(kind: int, centre: np.ndarray, ventricle_distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3, 3) orthonormal rows, the longest first; away from ventricles, as Dawson's fingers follow the veins."""
    first = rng.standard_normal(3)
    if kind == PERIVENTRICULAR:
        cut = tuple(slice(max(c - 1, 0), c + 2) for c in centre)
        away = np.array([g.mean() for g in np.gradient(ventricle_distance[cut])])
        first = 0.25 * first + away / (np.linalg.norm(away) + 1e-6)
    axes, _ = np.linalg.qr(np.column_stack([first, rng.standard_normal((3, 2))]))
    return axes.T
