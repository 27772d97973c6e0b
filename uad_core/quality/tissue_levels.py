"""How bright fluid, grey and white matter are in a scan, wherever they lie in it.

A mixture of three Gaussians of one width (Ashburner and Friston, Neuroimage 26 (2005) 839), guided by where the
template has the tissues, blurred by how far folds and ventricles lie apart between people. So a patient with slit or
wide ventricles has his own fluid measured, not what lies where the template has some. Two more classes keep the three
pure: voxels that hold both fluid and grey matter, and lesions and vessels, which may have any value.
"""

from dataclasses import dataclass

import numpy as np

from uad_core.atlas.tissue_shares import STEP, tissue_shares
from uad_core.preprocess import Prepared

FLUID, GREY, WHITE = range(3)
TISSUES_OF = (("CSF", "ventricles"), ("cortex", "deep grey matter"), ("white matter",))
BLUR_MM = 3.0  # a Gaussian's sigma
LEAST_PRIOR = 0.02  # of every class everywhere
MOST_OTHER = 0.3  # share of background, cerebellum and brain stem beyond which a voxel is not looked at
SHARED, ANYTHING = 0.25, 0.03  # share of fluid-and-grey voxels where either lies, and of lesions and the like
VOXELS = 40_000  # are enough
CERTAIN = {GREY: 0.6, WHITE: 0.8}  # least share where a voxel surely lies in or near that tissue
LEAST_VOXELS = (20, 200, 200)  # of each tissue, of those looked at
ITERATIONS, SETTLED = 40, 1e-5  # at most, and the change of a level, of the range of all values, that ends them
NARROWEST = 0.01  # spread of a tissue, of the range of all values


@dataclass(frozen=True)
class TissueLevels:
    """Middle grey value of each tissue, normalised, and the spread (standard deviation) that all share."""

    fluid: float
    grey: float
    white: float
    dark_white: float  # the darker quarter of white matter ends here: on FLAIR, disease brightens the rest
    spread: float

    @property
    def depth(self) -> float:
        """How many spreads fluid lies below white matter; negative where it is brighter."""
        return (self.white - self.fluid) / self.spread

    @property
    def fluid_share(self) -> float:
        """How bright fluid is, of white matter: it moves with a constant that is added to all values."""
        return self.fluid / self.white

    @property
    def grey_place(self) -> float:
        """Where grey matter lies if fluid is 0 and the darker quarter of white matter ends at 1."""
        apart = self.dark_white - self.fluid
        return (self.grey - self.fluid) / (apart if abs(apart) > 0.1 * self.spread else 0.1 * self.spread)


def tissue_levels(prepared: Prepared) -> TissueLevels | None:
    """Of the levels that were prepared; None where too little of a tissue lies there."""
    values, priors = _sampled(prepared)
    if values.size < sum(LEAST_VOXELS) or not np.ptp(values) > 0:
        return None
    certain = {tissue: priors[tissue] > share for tissue, share in CERTAIN.items()}
    if min(int(np.count_nonzero(where)) for where in certain.values()) < min(LEAST_VOXELS):
        return None
    grey, white = (float(np.median(values[where])) for where in certain.values())
    start = np.array([_fluid_end(values, priors[FLUID]), grey, white])
    (fluid, _, white), spread, voxels = _mixture(values, priors, start)
    solid = (values > (fluid + white) / 2) == (fluid < white)  # neither fluid nor half of it
    greys, whites = (values[where & solid] for where in certain.values())
    counts = voxels[FLUID], greys.size, whites.size
    if any(count < least for count, least in zip(counts, LEAST_VOXELS, strict=True)):
        return None
    dark_white = float(np.percentile(whites, 25 if fluid < white else 75))
    return TissueLevels(float(fluid), float(np.median(greys)), float(white), dark_white, spread)


def _fluid_end(values: np.ndarray, prior: np.ndarray) -> float:
    """The dark or the bright end of all values: the one that lies farther out, and more of it where fluid may be."""
    dark, middle, bright = np.percentile(values, (2, 50, 98))
    is_dark = (middle - dark) * prior[values <= dark].mean() > (bright - middle) * prior[values >= bright].mean()
    return float(dark if is_dark else bright)


def _sampled(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """(N,) float64 values of brain voxels, evenly spread, and (3, N) shares of the tissues there, which sum to 1."""
    found = np.flatnonzero(prepared.brain_mask)
    place = found[:: max(1, found.size // VOXELS)]
    voxel = np.stack(np.unravel_index(place, prepared.brain_mask.shape), axis=1)
    maps = tissue_shares(TISSUES_OF, BLUR_MM)
    where = np.clip((voxel + prepared.slab.offset) // STEP, 0, np.array(maps.shape[1:]) - 1)
    shares = maps[:, *where.T].astype(np.float64)
    known = shares.sum(axis=0) > 1 - MOST_OTHER
    shares = shares[:, known] / shares[:, known].sum(axis=0)
    return prepared.array.reshape(-1)[place[known]].astype(np.float64), LEAST_PRIOR + (1 - 3 * LEAST_PRIOR) * shares


def _mixture(values: np.ndarray, priors: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """(3,) levels, their spread, and (3,) how many voxels each tissue has, by expectation maximisation."""
    levels, spread, weights = start, float(values.std()) / 2, np.ones(3)
    low, high = np.percentile(values, (0.1, 99.9))
    extent = float(high - low) or float(np.ptp(values))
    anything = ANYTHING / extent
    shared = SHARED * (priors[FLUID] + priors[GREY])
    voxels = np.zeros(3)
    for _ in range(ITERATIONS):
        density = np.exp(-0.5 * ((values - levels[:, None]) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        weighted = priors * weights[:, None]
        total = weighted.sum(axis=0)
        joint = (1 - ANYTHING - shared) * weighted / total * density
        low, high = sorted(levels[[FLUID, GREY]]) + np.array([spread, -spread])
        between = shared * ((values > low) & (values < high)) / max(float(high - low), spread)
        evidence = joint.sum(axis=0) + anything + between
        belongs = joint / evidence
        voxels = belongs.sum(axis=1) + 1e-9
        before, levels = levels, belongs @ values / voxels
        variance = float((belongs * (values - levels[:, None]) ** 2).sum() / voxels.sum())
        spread = max(float(np.sqrt(variance)), NARROWEST * extent)
        weights = voxels / (priors / total).sum(axis=1)
        weights /= weights.mean()
        if np.abs(levels - before).max() < SETTLED * extent:
            break
    return levels, spread, voxels
