"""`python -m benchmarks.two_dates`: pairs of simulated scans of one person, unchanged and with known changes.

Of each anatomy a patient with lesions is scanned twice: another position, noise and shading. In half the pairs the
second date has lesions that the first had not, and some that had grown. Printed are a row a pair, then how many
unchanged pairs had no new or enlarged region, and precision, recall and F1 of new and enlarged regions.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cc3d
import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE, PAPER_SLAB, SLICE_SHAPE
from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.cohort import load_anatomy
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
from uad_core.commands import listed
from uad_core.detect.followup import FollowUpRequest, prepared_pair, usual_follow_up
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.change import TwoDates, compare_dates
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.pipeline.soft_lesion import VoxelGrid, soft_lesion
from uad_core.preprocess import crop_levels
from uad_core.preprocess.from_file import PrepareOptions

NEW_MM3, CONTRAST = (120.0, 1500.0), 0.5  # of a lesion that is new, and what it is brighter than white matter
NEW, GROWN = 3, 1  # a pair, at most
MOST_TURN, MOST_SHIFT_MM = 4.0, 5.0  # degrees, of the head between the dates
PAPER = (slice(PAPER_SLAB.first, PAPER_SLAB.first + PAPER_SLAB.count),)
WHITE = 110.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scans on the atlas's grid, the second in another position, and what is new or grown, on the first's grid."""

    first: Volume
    second: Volume
    truth: np.ndarray  # (D, H, W) bool
    still: bool  # nothing changed


def main() -> None:
    """Print a row a pair, model and percentile, then the figures of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label-maps", type=Path, required=True, help="folder of FreeSurfer-style label maps")
    parser.add_argument("--models", default="marker", help="separated by commas (default: %(default)s)")
    parser.add_argument("--percentiles", default="98", help="separated by commas (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=20, help="of each kind (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first pair (default: %(default)s)")
    parser.add_argument("--anatomies", type=int, default=4, help="to make them from (default: %(default)s)")
    options = parser.parse_args()
    checkpoints = [load_checkpoint(name) for name in listed(options.models)]
    percentiles = [float(one) for one in listed(options.percentiles)]
    maps = sorted(options.label_maps.glob("*.nii*"))[-options.anatomies :]
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number in range(options.first, options.first + options.pairs):
        anatomy = load_anatomy(maps[number % len(maps)], SimulationConfig())
        for still in (True, False):
            pair = make_pair(anatomy, 2 * number + still, still)
            request = FollowUpRequest(pair.first, pair.second, checkpoints[0], DetectConfig(), PrepareOptions())
            both = prepared_pair(request, lambda step, share: None)
            for checkpoint in checkpoints:
                first, second = (reconstruct(crop_levels(one, PAPER_SLAB), checkpoint) for one in both)
                for percentile in percentiles:
                    found = compare_dates(first, second, replace(usual_follow_up(checkpoint), percentile=percentile))
                    name = f"{checkpoint.name} {percentile:g}"
                    row = tallies[name].add(*judged(found, first, pair.truth), still)
                    print(number, name, row, found.sentence.partition(". A change")[0], flush=True)
    for name, tally in tallies.items():
        print(name, tally.sentence)


@dataclass
class Tally:
    """What was found of all changes in all pairs so far."""

    still: int = 0
    quiet: int = 0
    true: int = 0
    hits: int = 0
    wrong: int = 0

    def add(self, hits: int, true: int, wrong: int, still: bool) -> str:
        """One pair more; what it was, for a row."""
        self.still += still
        self.quiet += still and not wrong
        self.true, self.hits, self.wrong = self.true + true, self.hits + hits, self.wrong + wrong
        return f"{'still' if still else 'changed'}: {hits} of {true}, {wrong} false."

    @property
    def sentence(self) -> str:
        total = 2 * self.hits + self.wrong + self.true - self.hits
        return (
            f"nothing new or enlarged in {self.quiet} of {self.still} unchanged pairs; {self.hits} of {self.true} "
            f"changes found, {self.wrong} false, F1 {2 * self.hits / max(total, 1):.3f}"
        )


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
    away = ndimage.distance_transform_edt(brain & ~lesions)
    grid = VoxelGrid(image.shape, (1.0, 1.0, 1.0))
    for _ in range(NEW):
        free = (away >= 13) & (image > 0.9) & (image < 1.15)
        free[truth] = False
        places = np.argwhere(free[levels])
        if len(places):
            centre = places[rng.integers(len(places))] + (levels.start, 0, 0)
            volume = float(np.exp(rng.uniform(*np.log(NEW_MM3))))
            box, share = soft_lesion(grid, centre, volume, rng)
            later[box] = np.maximum(later[box], image[box] * (1 + CONTRAST * share))
            truth[box] |= share > 0.5
            away = np.minimum(away, np.linalg.norm(np.indices(image.shape).transpose(1, 2, 3, 0) - centre, axis=-1))
    parts = cc3d.connected_components(lesions[levels], connectivity=26)
    sizes = np.bincount(parts.ravel())[1:]
    for number in (np.flatnonzero((sizes >= 150) & (sizes <= 1500)) + 1)[:GROWN]:
        old = np.zeros(image.shape, bool)
        old[levels] = parts == number
        near = ndimage.distance_transform_edt(~old)
        grown = (near <= 3.5) & brain & (image > 0.6)
        rim = grown & ~lesions
        later[rim] = np.maximum(later[rim], float(np.median(image[old])))
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
    """A stripped scan in whole numbers; turned, it is resampled on a grid that did not turn with the head."""
    whole = np.zeros(ATLAS_SHAPE, np.float32)
    whole[BOX] = np.where(brain, image, 0)
    to_atlas = AffineTransform(ATLAS_AFFINE).inverse @ turn.inverse @ AffineTransform(ATLAS_AFFINE)
    if not np.allclose(turn.matrix, np.eye(4)):
        whole = ndimage.affine_transform(whole, to_atlas.matrix, order=3)
        whole[whole < 0.2] = 0
    return Volume.from_canonical(np.clip(np.rint(whole * WHITE), 0, 255).astype(np.float32), ATLAS_AFFINE)


def judged(found: TwoDates, before: Reconstruction, truth: np.ndarray) -> tuple[int, int, int]:
    """Changes found, changes there are of 100 mm3 and more at the levels searched, and regions that are no change."""
    slab_truth = np.zeros((PAPER_SLAB.count, *SLICE_SHAPE), bool)
    slab_truth[:, 8:248, 8:248] = truth[PAPER]
    slab_truth &= before.inside(2.0)
    flagged = found.mask_of("new", "enlarged")
    parts = cc3d.connected_components(slab_truth, connectivity=26)
    sizes = np.bincount(parts.ravel())[1:]
    large = [number for number, size in enumerate(sizes, 1) if size >= 100]
    recalled = sum(bool((flagged & (parts == number)).sum() >= 0.1 * sizes[number - 1]) for number in large)
    false = [region for region in found.regions if region.status in ("new", "enlarged")
             and not (slab_truth & (found.labels == region.number)).any()]  # fmt: skip
    return recalled, len(large), len(false)


if __name__ == "__main__":
    main()
