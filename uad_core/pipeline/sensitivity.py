"""Will it work on this scan? Lesions of known size and contrast are put into it, and those that are found counted.

Each lesion passes through the voxels of the scan itself, thick slices and all, before the model sees it: registration,
shading, noise and anatomy are the scan's own. A lesion that the scan has already is never painted over, and what was
flagged before does not count as found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import ndimage

from uad_core.io.volume import ScanError
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.pipeline.soft_lesion import VoxelGrid, radius_of, soft_lesion
from uad_core.preprocess import Prepared
from uad_core.preprocess.slab import resample

SIZES_MM3 = (30.0, 100.0, 300.0, 1000.0, 3000.0)
CONTRASTS = (15.0, 30.0, 50.0)  # per cent brighter than the tissue that it lies in
EACH = 2  # lesions of a size and contrast
ROUNDS, THICK_ROUNDS, THICK = 3, 2, 40  # copies of the scan that they are shared out to; of so many levels and more
LEAST_PLACED = 20  # of the thirty
FOUND_FROM = 0.1  # share of a lesion that must be flagged, as in an evaluation
RELIABLE = 0.9  # share of the lesions found
APART_MM, MARGIN_MM = 8, 3  # between two lesions; to the brain's rim and to what is flagged already
DARKEST, BRIGHTEST = 0.35, 0.75  # of normalised intensity: neither fluid nor a lesion; tissue lies at 0.5
OnRound = Callable[[float], None]


@dataclass(frozen=True)
class InsertedLesion:
    """One that was put in: volume in the patient, how much brighter it was, its atlas level, whether it was found."""

    volume_mm3: float
    contrast_percent: float
    level: int
    found: bool


@dataclass(frozen=True)
class Sensitivity:
    """What a setting finds in one scan of what was put into it."""

    lesions: tuple[InsertedLesion, ...]

    def counts(self, volume_mm3: float, contrast_percent: float) -> tuple[int, int]:
        """Found and put in, of that size and contrast."""
        some = [one for one in self.lesions if (one.volume_mm3, one.contrast_percent) == (volume_mm3, contrast_percent)]
        return sum(one.found for one in some), len(some)

    @property
    def sentence(self) -> str:
        """What is found for certain, or that nothing is."""
        put_in, found = len(self.lesions), sum(one.found for one in self.lesions)
        overall = f"of all {put_in} put in it finds {found}"
        options = []
        for size in SIZES_MM3:
            for contrast in CONTRASTS:
                above = [o.found for o in self.lesions if o.volume_mm3 >= size and o.contrast_percent >= contrast]
                if above and sum(above) >= RELIABLE * len(above):
                    options.append((len(above), -size, size, contrast, sum(above)))
        if not options:
            return f"In this scan, with this setting, it finds none of the sizes and contrasts reliably: {overall}."
        count, _, size, contrast, hits = max(options)
        return (
            f"In this scan, with this setting, it finds what is larger than {size:g} mm³ and {contrast:g} % brighter "
            f"than the tissue around it ({hits} of {count}); {overall}."
        )

    def record(self) -> dict[str, Any]:
        """As JSON holds it."""
        rows = [
            {"VolumeMm3": one.volume_mm3, "ContrastPercent": one.contrast_percent, "Level": one.level,
             "Found": one.found} for one in self.lesions
        ]  # fmt: skip
        return {"Sentence": self.sentence, "Lesions": rows}


@dataclass(frozen=True, eq=False)
class _Placed:
    """A lesion to be: its size, contrast, and middle (d, h, w) in the slab."""

    volume_mm3: float
    contrast_percent: float
    voxel: tuple[int, int, int]


def measure_sensitivity(
    reconstruction: Reconstruction, config: DetectConfig, on_progress: OnRound = lambda share: None, seed: int = 1
) -> Sensitivity:
    """Put thirty lesions into a scan, in two or three copies of it, and detect each copy as the scan itself.

    The same scan, setting and `seed` give the same. Raises ScanError: `no_room` where too few of them have a place in
    the brain that was searched; and as `segment` does.
    """
    prepared, rng = reconstruction.prepared, np.random.default_rng(seed)
    before = segment(reconstruction, config).mask
    free = _free(reconstruction, config, before)
    count = THICK_ROUNDS if prepared.slab.count >= THICK else ROUNDS
    rounds = [_placed(free, wanted, prepared, rng) for wanted in _shared_out(count)]
    if sum(map(len, rounds)) < LEAST_PLACED:
        little = "There is too little healthy tissue at these levels to put lesions into."
        raise ScanError("no_room", f"{little} Choose a model for the whole brain, or a higher threshold.")
    found: list[InsertedLesion] = []
    for number, placed in enumerate(rounds):

        def report(share: float, number: int = number) -> None:
            on_progress((number + share) / count)

        copy = replace(prepared, array=_painted(prepared, placed, rng))
        mask = segment(reconstruct(copy, reconstruction.checkpoint, report), config).mask & ~before
        for one in placed:
            share = mask[_ball(prepared, one)].mean()
            level = prepared.slab.levels[one.voxel[0]]
            found.append(InsertedLesion(one.volume_mm3, one.contrast_percent, level, bool(share >= FOUND_FROM)))
    return Sensitivity(tuple(found))


def _shared_out(count: int) -> list[list[tuple[float, float]]]:
    """(mm3, per cent) of the lesions of each round, the largest first: each round has each size, and each contrast."""
    rounds: list[list[tuple[float, float]]] = [[] for _ in range(count)]
    for turn in range(EACH):
        for index, size in enumerate(reversed(SIZES_MM3)):
            for number, contrast in enumerate(CONTRASTS):
                rounds[(number + index + turn) % count].append((size, contrast))
    return [sorted(one, key=lambda pair: -pair[0]) for one in rounds]


def _free(reconstruction: Reconstruction, config: DetectConfig, flagged: np.ndarray) -> np.ndarray:
    """(D, 256, 256) float32, in healthy tissue that is searched: mm to where that ends; 0 elsewhere."""
    array = reconstruction.prepared.array
    smooth = ndimage.median_filter(array, 3)
    tissue = (smooth >= DARKEST) & (smooth <= BRIGHTEST)
    usable = reconstruction.inside(config.postprocess.erosion_mm) & ~ndimage.binary_dilation(flagged, iterations=2)
    searched = reconstruction.searched.any(axis=(1, 2))
    away: np.ndarray = ndimage.distance_transform_edt(usable[searched]).astype(np.float32)
    free = np.zeros(array.shape, np.float32)
    free[searched] = away * tissue[searched]
    return free


def _placed(
    free: np.ndarray, wanted: Sequence[tuple[float, float]], prepared: Prepared, rng: np.random.Generator
) -> list[_Placed]:
    """A place for each of the wanted (mm3, per cent), apart from the others; what finds none is left out."""
    scale = prepared.transform.volume_scale ** (1 / 3)  # a patient's mm in the slab's
    placed: list[_Placed] = []
    for volume, contrast in wanted:
        radius = radius_of(volume) / scale
        candidates = np.argwhere(free >= radius + MARGIN_MM)
        inner = min(int(radius), (len(free) - 1) // 2)
        candidates = candidates[(candidates[:, 0] >= inner) & (candidates[:, 0] < len(free) - inner)]
        for other in placed:
            distance = np.linalg.norm(candidates - np.array(other.voxel), axis=1)
            candidates = candidates[distance >= radius + radius_of(other.volume_mm3) / scale + APART_MM]
        if len(candidates):
            depth, row, column = (int(at) for at in candidates[rng.integers(len(candidates))])
            placed.append(_Placed(volume, contrast, (depth, row, column)))
    return placed


def _painted(prepared: Prepared, placed: Sequence[_Placed], rng: np.random.Generator) -> np.ndarray:
    """(D, 256, 256) float32: the prepared scan with the lesions, seen through the scan's own voxels."""
    scan = prepared.scan
    to_scan = scan.to_world.inverse @ prepared.transform @ prepared.slab.to_world
    grid, gain = VoxelGrid(scan.shape, scan.spacing_mm), np.zeros(scan.shape, np.float32)
    for one in placed:
        box, share = soft_lesion(grid, to_scan.apply(np.array(one.voxel, float)), one.volume_mm3, rng)
        gain[box] = np.maximum(gain[box], share * one.contrast_percent / 100)
    seen = resample(gain, to_scan, prepared.slab.shape, order=1)
    return np.clip(prepared.array * (1 + seen), 0, 1).astype(np.float32)


def _ball(prepared: Prepared, one: _Placed) -> np.ndarray:
    """(D, 256, 256) bool: the voxels of a ball of the lesion's volume, in the patient."""
    radius = radius_of(one.volume_mm3) / prepared.transform.volume_scale ** (1 / 3)
    offsets = np.ogrid[tuple(slice(-at, n - at) for at, n in zip(one.voxel, prepared.array.shape, strict=True))]
    ball: np.ndarray = sum(offset**2 for offset in offsets) <= radius**2
    return ball
