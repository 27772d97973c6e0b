"""How bright fluid, grey and white matter are in a scan, wherever they lie in it.

A mixture of three Gaussians of one width (Ashburner and Friston, Neuroimage 26 (2005) 839), guided by where the
template has the tissues, blurred by how far folds and ventricles lie apart between people. So a patient with slit or
wide ventricles has his own fluid measured, not what lies where the template has some. Two more classes keep the three
pure: voxels that hold both fluid and grey matter, and lesions and vessels, which may have any value.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.preprocess import Prepared

FLUID, GREY, WHITE = range(3)
TISSUES_OF = (("CSF", "ventricles"), ("cortex", "deep grey matter"), ("white matter",))
BLUR_MM = 3.0  # a Gaussian's sigma
LEAST_PRIOR = 0.02  # of every class everywhere
MOST_OTHER = 0.3  # share of background, cerebellum and brain stem beyond which a voxel is not looked at
SHARED, ANYTHING = 0.25, 0.03  # share of fluid-and-grey voxels where either lies, and of lesions and the like
VOXELS = 40_000  # are enough
LEAST_VOXELS = (20, 200, 200)  # of each tissue, of those looked at
ITERATIONS = 40
NARROWEST = 0.01  # spread of a tissue, of the range of all values


@dataclass(frozen=True)
class TissueLevels:
    """Middle grey value of each tissue, normalised, and the spread (standard deviation) that all share."""

    fluid: float
    grey: float
    white: float
    spread: float

    @property
    def depth(self) -> float:
        """How many spreads fluid lies below white matter; negative where it is brighter."""
        return (self.white - self.fluid) / self.spread

    @property
    def grey_place(self) -> float:
        """Where grey matter lies if fluid is 0 and white matter 1."""
        apart = self.white - self.fluid
        return 1 + (self.grey - self.white) / (apart if abs(apart) > 0.1 * self.spread else 0.1 * self.spread)


def tissue_levels(prepared: Prepared) -> TissueLevels | None:
    """Of the levels that were prepared; None where too little of a tissue lies there."""
    values, priors = _sampled(prepared)
    if values.size < sum(LEAST_VOXELS) or not np.ptp(values) > 0:
        return None
    certain = [values[priors[tissue] > 0.6] for tissue in (GREY, WHITE)]
    if min(one.size for one in certain) < min(LEAST_VOXELS):
        return None
    grey, white = (float(np.median(one)) for one in certain)
    starts = (np.array([end, grey, white]) for end in np.percentile(values, (2, 98)))  # fluid may be dark or bright
    _, levels, voxels = max((_mixture(values, priors, start) for start in starts), key=lambda fit: fit[0])
    return levels if all(count >= least for count, least in zip(voxels, LEAST_VOXELS, strict=True)) else None


def _sampled(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """(N,) float64 values of brain voxels, evenly spread, and (3, N) shares of the tissues there, which sum to 1."""
    slab = prepared.slab
    priors, other = (array[..., slab.first : slab.first + slab.count, :, :] for array in _priors())
    looked_at = prepared.brain_mask & (other < MOST_OTHER)
    step = max(1, int(np.count_nonzero(looked_at)) // VOXELS)
    shares = np.stack([prior[looked_at][::step] for prior in priors]).astype(np.float64)
    shares /= np.maximum(shares.sum(axis=0), 1e-6)
    return prepared.array[looked_at][::step].astype(np.float64), LEAST_PRIOR + (1 - 3 * LEAST_PRIOR) * shares


def _mixture(values: np.ndarray, priors: np.ndarray, start: np.ndarray) -> tuple[float, TissueLevels, np.ndarray]:
    """The mean log-likelihood, the levels, and how many voxels each tissue has, by expectation maximisation."""
    levels, spread, weights = start, float(values.std()) / 2, np.ones(3)
    low, high = np.percentile(values, (0.1, 99.9))
    extent = float(high - low) or float(np.ptp(values))
    anything = ANYTHING / extent
    shared = SHARED * (priors[FLUID] + priors[GREY])
    likelihood, voxels = -np.inf, np.zeros(3)
    for _ in range(ITERATIONS):
        density = np.exp(-0.5 * ((values - levels[:, None]) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        weighted = priors * weights[:, None]
        total = weighted.sum(axis=0)
        joint = (1 - ANYTHING - shared) * weighted / total * density
        low, high = sorted(levels[[FLUID, GREY]]) + np.array([spread, -spread])
        between = shared * ((values > low) & (values < high)) / max(float(high - low), spread)
        evidence = joint.sum(axis=0) + anything + between
        likelihood = float(np.log(evidence).mean())
        belongs = joint / evidence
        voxels = belongs.sum(axis=1) + 1e-9
        levels = belongs @ values / voxels
        variance = float((belongs * (values - levels[:, None]) ** 2).sum() / voxels.sum())
        spread = max(np.sqrt(variance), NARROWEST * extent)
        weights = voxels / (priors / total).sum(axis=1)
        weights /= weights.mean()
    return likelihood, TissueLevels(float(levels[FLUID]), float(levels[GREY]), float(levels[WHITE]), spread), voxels


@lru_cache(maxsize=1)
def _priors() -> tuple[np.ndarray, np.ndarray]:
    """(3, 155, 256, 256) float16 shares of the tissues near each voxel, and (155, 256, 256) of all that is neither."""
    tissues = template().tissues_in(WHOLE_BRAIN)

    def near(codes: list[int]) -> np.ndarray:
        return ndimage.gaussian_filter(np.isin(tissues, codes).astype(np.float32), BLUR_MM, truncate=3)

    shares = np.stack([near([TISSUE_CODES[name] for name in names]) for names in TISSUES_OF])
    return shares.astype(np.float16), (1 - shares.sum(axis=0)).astype(np.float16)
