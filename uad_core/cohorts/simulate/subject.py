"""One simulated subject: shape, tissue, lesions and scanner put together."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_SHAPE
from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.contrast import Appearance, FlairContrast, clean_image
from uad_core.cohorts.simulate.deform import BOX, Resampled, narrowed, random_deformation, resample
from uad_core.cohorts.simulate.lesions import LesionModel, SimulatedLesions, grow_lesions
from uad_core.cohorts.simulate.scanner import Acquisition, Scanner
from uad_core.cohorts.simulate.tissues import Tissue
from uad_core.cohorts.simulate.visibility import made_visible


@dataclass(frozen=True)
class SimulationConfig:
    """How subjects are made. Lengths are mm; intensities are in units of white matter."""

    soften_mm: float = 0.45  # partial volume of the label maps, a Gaussian's sigma
    shifts_mm: tuple[tuple[float, float], ...] = ((2.0, 24.0), (0.7, 10.0))  # (sd, smoothness) of the shapes
    affine_sd: float = 0.01  # of the affine remainder that registration leaves
    mirror_probability: float = 0.5  # share of the subjects whose anatomy is mirrored
    sulci: tuple[float, float] = (0.0, 0.85)  # (least, most) taken from the fluid of the sulci: see `narrowed`
    brain_edge: tuple[float, float] = (0.4, 0.75)  # (least, most) cut through the soft outline: tight or loose
    contrast: FlairContrast = field(default_factory=FlairContrast)
    appearance: Appearance = field(default_factory=Appearance)
    lesions: LesionModel = field(default_factory=LesionModel)
    scanner: Scanner = field(default_factory=Scanner)
    white_level: int = 110  # grey value of white matter in the files, which are uint8


@dataclass(frozen=True, eq=False)
class SimulatedSubject:
    """On the atlas grid, (D, H, W) each."""

    flair: np.ndarray  # uint8, 0 outside the brain
    brain_mask: np.ndarray  # bool
    lesion_mask: np.ndarray  # bool, inside the brain


def simulate_subject(
    anatomy: Anatomy, has_lesions: bool, rng: np.random.Generator, config: SimulationConfig
) -> SimulatedSubject:
    """A subject with the anatomy's folds, but with a shape, tissue contrast and scanner of its own."""
    shape = random_deformation(rng, config.shifts_mm, config.affine_sd)
    source = anatomy.mirrored() if rng.random() < config.mirror_probability else anatomy
    resampled = resample(source, shape, rng.uniform(*config.brain_edge))
    resampled = narrowed(resampled, rng.uniform(*config.sulci))
    acquisition = Acquisition.draw(rng, config.scanner)
    image, lesions = before_scanner(resampled, has_lesions, rng, config, acquisition.without_noise)
    image = acquisition.scan(image, rng)

    brain = np.zeros(ATLAS_SHAPE, bool)
    brain[BOX] = resampled.brain
    flair = np.zeros(ATLAS_SHAPE, np.uint8)
    flair[brain] = np.clip(np.rint(image[resampled.brain] * config.white_level), 1, 255)
    lesion = np.zeros(ATLAS_SHAPE, bool)
    lesion[BOX] = lesions.mask & resampled.brain
    return SimulatedSubject(flair, brain, lesion)


def before_scanner(
    resampled: Resampled,
    has_lesions: bool,
    rng: np.random.Generator,
    config: SimulationConfig,
    scanner: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, SimulatedLesions]:
    """The (D, H, W) float32 clean image on the cut atlas grid, lesions in it, and the lesions.

    `scanner` is what will become of the image, without its noise: it decides which lesions can be seen.
    """
    distance = _ventricle_distance(resampled)
    values = config.contrast.draw(rng)
    image = clean_image(resampled, values, distance[resampled.near], rng, config.appearance)
    dense = resampled.dense(image, outside=float(values[Tissue.OUTSIDE]))
    if not has_lesions:
        return dense, SimulatedLesions(np.zeros_like(dense), np.ones_like(dense))
    drawn = grow_lesions(resampled, distance, rng, config.lesions)
    lesions = made_visible(drawn, dense, scanner, config.lesions)
    return lesions.add_to(dense, config.lesions.halo), lesions


def _ventricle_distance(resampled: Resampled) -> np.ndarray:
    """(D, H, W) float32 mm to the ventricles' edge, 0 inside."""
    inside = resampled.dense(resampled.maps[[Tissue.VENTRICLE, Tissue.CHOROID]].sum(axis=0)) > 0.5
    if not inside.any():
        return np.full(inside.shape, np.inf, np.float32)
    return ndimage.distance_transform_edt(~inside).astype(np.float32)
