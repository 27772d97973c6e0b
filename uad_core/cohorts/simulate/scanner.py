"""What the scanner adds: point spread, thick slices, shading and Rician noise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.deform import STEP, node_shape, smooth_noise, upsampled


@dataclass(frozen=True)
class Scanner:
    """The range of scanners and protocols that subjects are drawn from: (least, most), uniform."""

    blur_mm: tuple[float, float] = (0.1, 0.3)  # in-plane point spread, a Gaussian's sigma
    sharpening: tuple[float, float] = (0.2, 1.0)  # strength of the vendor's edge enhancement
    sharpening_mm: float = 1.5  # what it takes for an edge, a Gaussian's sigma
    noise: tuple[float, float] = (0.05, 0.12)  # Rician sigma, of a voxel as acquired; white matter is 1
    interpolation_mm: tuple[float, float] = (0.3, 0.75)  # smoothing by later resampling: it correlates the noise
    shading: tuple[float, float] = (0.01, 0.05)  # sd of the bias field that N4 or the vendor's filter leaves
    shading_mm: float = 40.0  # its smoothness, a Gaussian's sigma
    thick_probability: float = 0.4  # share of the subjects with thick slices
    thickness_mm: tuple[float, float] = (2.0, 4.0)  # of those


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One scanner and protocol. Images are (D, H, W) on the cut atlas grid; white matter is 1."""

    blur_mm: float
    noise: float
    interpolation_mm: float
    thickness_mm: float | None  # None: slices of 1 mm
    sharpening: float
    sharpening_mm: float
    shading: np.ndarray  # (d, h, w) log of the bias field, on nodes

    @classmethod
    def draw(cls, rng: np.random.Generator, scanner: Scanner) -> "Acquisition":
        """One of those that `scanner` ranges over."""
        thickness = rng.uniform(*scanner.thickness_mm) if rng.random() < scanner.thick_probability else None
        return cls(
            blur_mm=rng.uniform(*scanner.blur_mm),
            noise=rng.uniform(*scanner.noise),
            interpolation_mm=rng.uniform(*scanner.interpolation_mm),
            thickness_mm=thickness,
            sharpening=rng.uniform(*scanner.sharpening),
            sharpening_mm=scanner.sharpening_mm,
            shading=smooth_noise(rng, node_shape(), scanner.shading_mm / STEP) * rng.uniform(*scanner.shading),
        )

    def scan(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A clean image as this scanner would have seen it, float32."""
        shaded = image * np.exp(upsampled(self.shading))
        return np.maximum(self._through(shaded, lambda acquired: rician(acquired, self.noise, rng)), 0)

    def without_noise(self, image: np.ndarray) -> np.ndarray:
        """The same without shading and noise: linear in `image`."""
        return self._through(image, lambda acquired: acquired)

    def _through(self, image: np.ndarray, noisy: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        blur, interpolation = self.blur_mm, self.interpolation_mm
        if self.thickness_mm is not None:
            inside, between = slice_profile(image.shape[0], self.thickness_mm)
            image = np.tensordot(inside, ndimage.gaussian_filter(image, (0, blur, blur), truncate=3), axes=1)
            image = ndimage.gaussian_filter(
                noisy(image.astype(np.float32)), (0, interpolation, interpolation), truncate=3
            )
            image = np.tensordot(between, image, axes=1).astype(np.float32)
        else:
            image = noisy(ndimage.gaussian_filter(image, blur, truncate=3))
            image = ndimage.gaussian_filter(image, interpolation, truncate=3)
        edges = image - ndimage.gaussian_filter(image, (0, self.sharpening_mm, self.sharpening_mm), truncate=3)
        sharp: np.ndarray = image + self.sharpening * edges
        return sharp


def rician(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """The magnitude of `image` plus complex Gaussian noise of standard deviation `sigma` in each channel."""
    real = image + sigma * rng.standard_normal(image.shape, np.float32)
    return np.hypot(real, sigma * rng.standard_normal(image.shape, np.float32))


def slice_profile(count: int, thickness_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Thick slices out of `count` levels of 1 mm, and the levels back out of the slices.

    Returns (S, count) float32 weights of each slice, which sum to 1 a row: a box of `thickness_mm`, without a gap; and
    (count, S) float32 weights of linear interpolation between the slices' centres.
    """
    slices = int(np.ceil(count / thickness_mm))
    centre = (np.arange(slices) + 0.5) * thickness_mm - 0.5
    level = np.arange(count)
    half = thickness_mm / 2
    below, above = centre[:, None] - half, centre[:, None] + half
    inside = np.maximum(np.minimum(level + 0.5, above) - np.maximum(level - 0.5, below), 0)
    inside /= inside.sum(axis=1, keepdims=True)
    position = np.clip((level - centre[0]) / thickness_mm, 0, slices - 1)
    between = np.maximum(0, 1 - np.abs(position[:, None] - np.arange(slices)))
    return inside.astype(np.float32), between.astype(np.float32)
