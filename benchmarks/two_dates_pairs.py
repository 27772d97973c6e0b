"""Pairs of simulated scans of one person: unchanged, or with lesions that are new and others that have grown."""

from dataclasses import dataclass, replace

import cc3d
import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE, PAPER_SLAB
from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.deform import (
    BOX,
    STEP,
    narrowed,
    node_shape,
    random_deformation,
    resample,
    smooth_noise,
)
from uad_core.cohorts.simulate.scanner import Acquisition
from uad_core.cohorts.simulate.subject import SimulationConfig, before_scanner
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.pipeline.soft_lesion import VoxelGrid, radius_of, soft_lesion

NEW_MM3, BRIGHT = (120.0, 1000.0), 1.6  # of a lesion that is new; white matter is 1, old lesions 1.48 on average
NEW, GROWN = 3, 1  # a pair, at most
TISSUE = 0.75  # of white matter's grey: darker is fluid, in which a lesion has no clear contrast
MOST_TURN, MOST_SHIFT_MM = 4.0, 5.0  # degrees, of the head between the dates
WHITE = 110.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scans on the atlas's grid, the second in another position, and what is new or grown, on the first's grid."""

    first: Volume
    second: Volume
    truth: np.ndarray  # (D, H, W) bool
    still: bool  # nothing changed


def make_pair(anatomy: Anatomy, seed: int, still: bool) -> Pair:
    """One person's two dates."""
    rng, config = np.random.default_rng([7, seed]), SimulationConfig()
    resampled = resample(anatomy, random_deformation(rng, config.shifts_mm, config.affine_sd), 0.5)
    resampled = narrowed(resampled, rng.uniform(*config.sulci))
    scanner = Acquisition.draw(rng, config.scanner)
    image, lesions = before_scanner(resampled, True, rng, config, scanner.without_noise)
    truth, later = np.zeros(image.shape, bool), image
    if not still:
        later, truth = changed(image, lesions.mask, resampled.brain, rng)
    shading = smooth_noise(rng, node_shape(), config.scanner.shading_mm / STEP) * rng.uniform(*config.scanner.shading)
    again = replace(scanner, shading=shading)
    first = on_atlas(scanner.scan(image, rng), resampled.brain, AffineTransform.identity())
    turn = moved(rng)
    second = on_atlas(again.scan(later, rng), resampled.brain, turn)
    whole = np.zeros(ATLAS_SHAPE, bool)
    whole[BOX] = truth
    return Pair(first, second, whole, still)


def changed(
    image: np.ndarray, lesions: np.ndarray, brain: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The image with new and grown lesions at the paper's levels, and where those are."""
    later, truth = image.copy(), np.zeros(image.shape, bool)
    levels = slice(PAPER_SLAB.first + 4 - BOX[0].start, PAPER_SLAB.first + PAPER_SLAB.count - 4 - BOX[0].start)
    away = ndimage.distance_transform_edt(brain & ~lesions & (image > TISSUE))
    grid = VoxelGrid(image.shape, (1.0, 1.0, 1.0))
    for _ in range(NEW):
        volume = float(np.exp(rng.uniform(*np.log(NEW_MM3))))
        places = np.argwhere(away[levels] >= 1.2 * radius_of(volume) + 1)
        if len(places):
            centre = places[rng.integers(len(places))] + (levels.start, 0, 0)
            box, share = soft_lesion(grid, centre, volume, rng)
            later[box] = np.maximum(later[box], image[box] + share * (BRIGHT - image[box]))
            truth[box] |= share > 0.5
            from_it = np.linalg.norm(np.indices(image.shape).transpose(1, 2, 3, 0) - centre, axis=-1)
            away = np.minimum(away, from_it - radius_of(volume))
    parts = cc3d.connected_components(lesions[levels], connectivity=26)
    sizes = np.bincount(parts.ravel())[1:]
    for number in (np.flatnonzero((sizes >= 150) & (sizes <= 1500)) + 1)[:GROWN]:
        old = np.zeros(image.shape, bool)
        old[levels] = parts == number
        near = ndimage.distance_transform_edt(~old)
        grown = (near <= 3.5) & brain & (image > 0.6)
        rim = grown & ~lesions
        later[rim] = np.maximum(later[rim], BRIGHT)
        truth |= rim
    return later, truth


def moved(rng: np.random.Generator) -> AffineTransform:
    """Atlas world -> the second scan's world: the head turned and shifted."""
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", rng.uniform(-MOST_TURN, MOST_TURN, 3), degrees=True).as_matrix()
    centre = (ATLAS_AFFINE @ (*(np.array(ATLAS_SHAPE) / 2), 1))[:3]
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + rng.uniform(-MOST_SHIFT_MM, MOST_SHIFT_MM, 3)
    return AffineTransform(matrix)


def on_atlas(image: np.ndarray, brain: np.ndarray, turn: AffineTransform) -> Volume:
    """A stripped scan in whole numbers, 0 outside alone; turned, it is resampled on a grid that stayed where it was."""
    whole, inside = np.zeros(ATLAS_SHAPE, np.float32), np.zeros(ATLAS_SHAPE, np.float32)
    whole[BOX], inside[BOX] = np.where(brain, image, 0), brain
    to_atlas = AffineTransform(ATLAS_AFFINE).inverse @ turn.inverse @ AffineTransform(ATLAS_AFFINE)
    if not np.allclose(turn.matrix, np.eye(4)):
        whole = ndimage.affine_transform(whole, to_atlas.matrix, order=3)
        inside = ndimage.affine_transform(inside, to_atlas.matrix, order=1)
    grey = np.where(inside >= 0.5, np.clip(np.rint(whole * WHITE), 1, 255), 0)
    return Volume.from_canonical(grey.astype(np.float32), ATLAS_AFFINE)
