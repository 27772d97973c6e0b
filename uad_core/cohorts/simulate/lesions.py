"""Multiple-sclerosis lesions with exact truth: where they grow, how large, what shape, how bright."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.deform import Resampled
from uad_core.cohorts.simulate.tissues import Tissue

PERIVENTRICULAR, JUXTACORTICAL, DEEP = range(3)  # at the ventricles, under the cortex, and in between
GRAIN_SHIFT_MM = 7  # from the noise of the outlines to that of the grey values: far beyond its smoothness


@dataclass(frozen=True)
class LesionModel:
    """Distributions of the lesions of one subject.

    Measured on the 28 consensus masks at hand of Lesjak et al., Neuroinformatics 16 (2018) 51 (1 mm, MNI space,
    26-connected components of 6 mm3 and more), and on the 49 patients of the paper's size that this model draws by
    default; 10th, 50th and 90th percentile:

                                  real                 simulated
        components a patient      14, 56, 181          11, 39, 130
        load, ml                  1.0, 13.9, 36.6      1.1, 4.7, 25.4
        component, mm3            8, 27, 183           10, 36, 295

    79 % of the real volume belongs to components within 3 mm of a ventricle. Contrast of a component to the tissue 1 to
    4 mm around it, 5th and 50th percentile: 0.21 and 0.28 on the one 1 mm FLAIR at hand, 0.15 to 0.25 and 0.23 to 0.43
    on four with thick slices; 0.16 and 0.24 here, and under 0.1 in one of 2,500.
    """

    count_median: float = 68.0  # lesions placed; they merge, and some are smaller than 6 mm3
    count_log_sd: float = 1.1
    count_most: int = 350
    periventricular: float = 0.20  # shares of the lesions; the rest is deep
    juxtacortical: float = 0.35
    volume_log_mean: float = 3.2  # of a lesion, log mm3
    volume_log_sd: float = 1.1
    periventricular_growth: float = 12.0  # lesions at the ventricles are larger by this factor: its median
    periventricular_log_sd: float = 0.8  # of that factor across subjects
    volume_most_mm3: float = 8000.0
    elongation: tuple[float, float] = (1.0, 2.2)  # longest to middle axis
    flatness: tuple[float, float] = (0.65, 1.0)  # shortest to middle axis
    roughness: float = 0.28  # sd of the outline's radius, as a share
    roughness_mm: float = 2.0  # smoothness of the outline
    edge_mm: tuple[float, float] = (0.35, 0.9)  # width of the soft edge (logistic scale)
    brightness: tuple[float, float] = (1.48, 0.14)  # (mean, sd), times white matter
    brightness_range: tuple[float, float] = (1.20, 1.90)
    least_contrast: float = 0.20  # to the tissue around, as scanned: what is fainter, nobody would have marked
    mottle: float = 0.05  # sd of the variation within a lesion
    halo: float = 0.03  # brightness of the diffuse rim around lesions


@dataclass(frozen=True, eq=False)
class SimulatedLesions:
    """(D, H, W) on the cut atlas grid."""

    share: np.ndarray  # float32, the part of each voxel that is lesion
    brightness: np.ndarray  # float32, intensity of that part; white matter is 1

    @property
    def mask(self) -> np.ndarray:
        """(D, H, W) bool, the truth: voxels of which more than half is lesion."""
        return self.share > 0.5

    def add_to(self, image: np.ndarray, halo: float) -> np.ndarray:
        """`image` with lesion in the place of white matter, which has intensity 1."""
        if not self.share.any():
            return image
        diffuse = ndimage.gaussian_filter(self.share, 2.0, truncate=3)
        return image + self.share * (self.brightness - 1) + halo * diffuse * (1 - self.share)


def grow_lesions(
    resampled: Resampled, ventricle_distance: np.ndarray, rng: np.random.Generator, model: LesionModel
) -> SimulatedLesions:
    """Random lesions in the white matter. `ventricle_distance`: (D, H, W) float32, mm to the lateral ventricles."""
    white = resampled.dense(resampled.maps[Tissue.WHITE])
    share = np.zeros(white.shape, np.float32)
    brightness = np.ones(white.shape, np.float32)
    count = int(min(rng.lognormal(np.log(model.count_median), model.count_log_sd), model.count_most))
    growth = model.periventricular_growth * rng.lognormal(0, model.periventricular_log_sd)
    places = LesionSites.of(resampled, white, ventricle_distance)
    rough = ndimage.gaussian_filter(rng.standard_normal(white.shape, np.float32), model.roughness_mm, truncate=3)
    rough *= model.roughness / rough.std()
    canvas = _Canvas(share, brightness, rough)
    shares = (model.periventricular, model.juxtacortical)
    for _ in range(count):
        kind = rng.choice(3, p=[*shares, 1 - sum(shares)])
        centre = places.pick(kind, rng)
        if centre is None:
            continue
        axes = axes_at(kind, centre, ventricle_distance, rng)
        radii = _radii(growth if kind == PERIVENTRICULAR else 1.0, rng, model)
        edge_mm = min(rng.uniform(*model.edge_mm), 0.4 * float(radii.min()))
        bright = float(np.clip(rng.normal(*model.brightness), *model.brightness_range))
        canvas.paint(centre, axes / radii[:, None], float(radii.min()), edge_mm, bright)
    share = np.minimum(share, white)  # only white matter turns into lesion; cortex and CSF are spared
    grain = np.clip(np.roll(rough, GRAIN_SHIFT_MM, axis=1) / model.roughness, -2, 2)  # the same noise, elsewhere
    mottled = brightness * (1 + model.mottle * grain)
    return SimulatedLesions(share, mottled.astype(np.float32))


def _radii(growth: float, rng: np.random.Generator, model: LesionModel) -> np.ndarray:
    """(3,) mm, the longest first."""
    volume = min(growth * rng.lognormal(model.volume_log_mean, model.volume_log_sd), model.volume_most_mm3)
    long, short = rng.uniform(*model.elongation), rng.uniform(*model.flatness)
    middle = (3 * volume / (4 * np.pi * long * short)) ** (1 / 3)
    return np.array([long * middle, middle, short * middle])


@dataclass(frozen=True, eq=False)
class LesionSites:
    """Candidate centres of each kind, (n, 3) voxels, and the cumulative probability of each."""

    voxels: tuple[np.ndarray, ...]
    cumulative: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, resampled: Resampled, white: np.ndarray, ventricle_distance: np.ndarray) -> "LesionSites":
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


@dataclass(frozen=True, eq=False)
class _Canvas:
    """(D, H, W) float32 each: what lesions were painted so far, and how rough their edges are."""

    share: np.ndarray
    brightness: np.ndarray
    rough: np.ndarray

    def paint(
        self, centre: np.ndarray, to_unit_ball: np.ndarray, shortest: float, edge_mm: float, bright: float
    ) -> None:
        """Add one lesion in place; `to_unit_ball` maps offsets from the centre, `shortest` is its least radius, mm."""
        reach = int(np.ceil(1.6 / np.linalg.norm(to_unit_ball, axis=1).min())) + 2
        low = np.maximum(centre - reach, 0)
        cut = tuple(slice(a, b) for a, b in zip(low, centre + reach + 1, strict=True))
        piece = self.share[cut]
        offset = np.indices(piece.shape, dtype=np.float32) + (low - centre)[:, None, None, None]
        radius = np.linalg.norm(np.tensordot(to_unit_ball, offset, axes=1), axis=0)
        depth_mm = (1 + self.rough[cut] - radius) * shortest
        new = 1 / (1 + np.exp(np.clip(-depth_mm / edge_mm, -30, 30)))
        weight = np.where(new + piece > 1e-3, new / (new + piece + 1e-6), 0)
        self.brightness[cut] = self.brightness[cut] * (1 - weight) + bright * weight
        self.share[cut] = np.maximum(piece, new)
