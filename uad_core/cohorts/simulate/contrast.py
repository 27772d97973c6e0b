"""Tissue to FLAIR intensity: a subject's brain before the scanner adds its marks."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.deform import STEP, Resampled, node_shape, smooth_noise, upsampled
from uad_core.cohorts.simulate.tissues import Tissue

DEEP_GAIN = 3.0  # cortex counts as deep in full where a third of what lies around it is deep
BETWEEN_GAIN = 12.0  # white matter counts as capsule in full where the product of both shares reaches 1 / 12


@dataclass(frozen=True)
class FlairContrast:
    """Intensity of each tissue; white matter is 1. Each value is (mean, standard deviation across subjects).

    Set so that the median-normalised histogram of the simulated slices meets that of the 120 real ones in SOOP (Absher
    et al., Sci Data 11 (2024) 839; axial FLAIR at MNI z = 18 mm): the earth mover's distance of the two mean histograms
    is 0.015 of the median, that of one real slice to the real mean 0.045. Within 3 mm of the ventricles the 95th
    percentile is 1.19 times white matter; 1.25 in the real ones, 1.16 in a healthy head at 1 mm.
    """

    outside: tuple[float, float] = (0.12, 0.03)  # inside the brain mask but no brain: meninges, dark on FLAIR
    csf: tuple[float, float] = (0.20, 0.06)
    midline_ventricle: tuple[float, float] = (0.19, 0.08)  # CSF flows there, and is less well suppressed
    ventricle: tuple[float, float] = (0.17, 0.05)
    choroid: tuple[float, float] = (1.10, 0.20)
    cortex: tuple[float, float] = (1.30, 0.06)
    white: tuple[float, float] = (1.0, 0.0)  # the unit
    thalamus: tuple[float, float] = (1.07, 0.03)
    striatum: tuple[float, float] = (1.12, 0.03)
    pallidum: tuple[float, float] = (0.97, 0.05)  # iron
    limbic: tuple[float, float] = (1.28, 0.05)
    ventral: tuple[float, float] = (1.04, 0.03)
    brain_stem: tuple[float, float] = (1.05, 0.04)
    cerebellum: tuple[float, float] = (1.14, 0.04)
    cerebellar_white: tuple[float, float] = (1.0, 0.03)

    def means(self) -> np.ndarray:
        """(K,) float32, indexed by `Tissue`."""
        return self._column(0)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """(K,) float32: the intensities of one subject."""
        drawn = self.means() + self._column(1) * rng.standard_normal(len(Tissue))
        return np.maximum(drawn, 0.02).astype(np.float32)

    def _column(self, index: int) -> np.ndarray:
        return np.array([getattr(self, tissue.name.lower())[index] for tissue in Tissue], dtype=np.float32)


@dataclass(frozen=True)
class Appearance:
    """What varies within a tissue. Amplitudes are shares of the intensity of white matter."""

    # (amplitude, smoothness as a Gaussian's sigma in mm) of random variation: regions, patches, grain of tissue
    white_texture: tuple[tuple[float, float], ...] = ((0.03, 14.0), (0.02, 5.0))
    grey_texture: tuple[tuple[float, float], ...] = ((0.04, 14.0), (0.04, 6.0))
    fine_texture: tuple[float, float] = (0.035, 0.8)  # everywhere: small vessels, Virchow-Robin spaces
    folia: float = 0.30  # depth of the fissures of the cerebellum, which the labels leave out
    folia_mm: tuple[float, float, float] = (0.7, 1.6, 4.0)  # their smoothness along D, H, W: they run across
    frontal_dimming: tuple[float, float] = (0.03, 0.03)  # (mean, sd): white matter is darker in front
    deep_cortex: tuple[float, float] = (0.10, 0.04)  # (mean, sd): insula, cingulum and temporal pole are brighter
    capsule: tuple[float, float] = (0.07, 0.03)  # (mean, sd): posterior limb of the internal capsule is brighter
    rim: tuple[float, float] = (0.0, 0.20)  # (least, most) brightness of the rim along the lateral ventricles
    rim_mm: tuple[float, float] = (1.0, 2.2)  # (least, most) decay length of the rim
    caps: tuple[float, float] = (0.0, 0.20)  # (least, most) brightness of the caps of their horns
    caps_mm: float = 2.2  # decay length of the caps


def clean_image(
    resampled: Resampled,
    values: np.ndarray,
    ventricle_distance_mm: np.ndarray,
    rng: np.random.Generator,
    appearance: Appearance,
) -> np.ndarray:
    """(N,) float32 in the voxels of `near`, of (K,) values a tissue and (N,) distances; no lesions."""
    maps, near = resampled.maps, resampled.near
    image = resampled.mixture(values)
    grey = maps[[Tissue.CORTEX, Tissue.LIMBIC, Tissue.CEREBELLUM, Tissue.STRIATUM, Tissue.THALAMUS]].sum(axis=0)
    white = maps[Tissue.WHITE]
    image += grey * _texture(rng, appearance.grey_texture)[near]
    image += (white + maps[Tissue.BRAIN_STEM]) * _texture(rng, appearance.white_texture)[near]
    amplitude, sigma_mm = appearance.fine_texture
    solid = 1 - maps[: Tissue.VENTRICLE + 1].sum(axis=0)
    fine = ndimage.gaussian_filter(rng.standard_normal(near.shape, np.float32), sigma_mm, truncate=2.5)
    image += solid * fine[near] * (amplitude / fine.std())

    noise = ndimage.gaussian_filter(rng.standard_normal(near.shape, np.float32), appearance.folia_mm, truncate=2.5)
    fissures = np.exp(-((noise[near] / (0.35 * noise.std())) ** 2))  # thin layers, where low-passed noise is near 0
    image -= maps[Tissue.CEREBELLUM] * appearance.folia * fissures

    rows = np.broadcast_to(np.linspace(1, -1, near.shape[1], dtype=np.float32)[None, :, None], near.shape)[near]
    image -= white * rows * rng.normal(*appearance.frontal_dimming)

    deep = _spread(resampled, (Tissue.VENTRICLE, Tissue.STRIATUM, Tissue.LIMBIC), sigma_mm=9)
    image += maps[Tissue.CORTEX] * np.minimum(1, DEEP_GAIN * deep) * rng.normal(*appearance.deep_cortex)
    between = _spread(resampled, (Tissue.THALAMUS,), 5) * _spread(resampled, (Tissue.PALLIDUM, Tissue.STRIATUM), 5)
    image += white * np.minimum(1, BETWEEN_GAIN * between) * rng.normal(*appearance.capsule)

    depth_mm = np.maximum(0, ventricle_distance_mm - 1)
    rim = rng.uniform(*appearance.rim) * np.exp(-depth_mm / rng.uniform(*appearance.rim_mm))
    caps = rng.uniform(*appearance.caps) * np.exp(-depth_mm / appearance.caps_mm)
    brain = np.maximum(0, solid - maps[Tissue.CHOROID])
    ends = _horn_ends(resampled.dense(ventricle_distance_mm, outside=np.inf) == 0)
    return image + brain * (rim + caps * ends[near])


def _horn_ends(ventricles: np.ndarray, reach_mm: tuple[float, float] = (5.0, 8.0)) -> np.ndarray:
    """(D, H, W) 0 to 1: how close the row is to the front or back end of the ventricles, level by level."""
    occupied = np.asarray(ventricles.any(axis=2))
    rows = np.arange(occupied.shape[1])
    front = ndimage.gaussian_filter1d(occupied.argmax(axis=1).astype(float), 1)[:, None]
    back = ndimage.gaussian_filter1d((len(rows) - 1 - occupied[:, ::-1].argmax(axis=1)).astype(float), 1)[:, None]
    ends = np.exp(-(((rows - front) / reach_mm[0]) ** 2)) + np.exp(-(((rows - back) / reach_mm[1]) ** 2))
    ends *= np.asarray(occupied.any(axis=1))[:, None]
    return np.broadcast_to(ends.astype(np.float32)[:, :, None], ventricles.shape)


def _texture(rng: np.random.Generator, scales: tuple[tuple[float, float], ...]) -> np.ndarray:
    """(D, H, W) float32 variation, most of it the same on both sides: so is the anatomy that causes it."""
    total = np.zeros(node_shape())
    for amplitude, sigma_mm in scales:
        noise = smooth_noise(rng, total.shape, sigma_mm / STEP)
        mixed = 0.85 * noise + 0.53 * noise[..., ::-1]  # of variance 1; the nodes' middle is the atlas' midplane
        total += amplitude * mixed
    return upsampled(total)


def _spread(resampled: Resampled, tissues: tuple[Tissue, ...], sigma_mm: float) -> np.ndarray:
    """(N,) the tissues' share of the neighbourhood; smoothed on every second voxel, for speed."""
    dense = resampled.dense(resampled.maps[list(tissues)].sum(axis=0))[::2, ::2, ::2]
    smooth = ndimage.gaussian_filter(dense, sigma_mm / 2, truncate=3)
    return smooth.repeat(2, 0).repeat(2, 1).repeat(2, 2)[resampled.near]
