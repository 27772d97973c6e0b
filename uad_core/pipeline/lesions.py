"""The regions of a mask: how large, where in the patient, how unusual."""

from dataclasses import dataclass

import cc3d
import numpy as np

from uad_core.atlas.location import locate
from uad_core.preprocess import Prepared


@dataclass(frozen=True)
class Lesion:
    """A connected component of a mask."""

    number: int
    volume_mm3: float  # in the patient: registration scales the slab's millimetres
    centre_mm: tuple[float, float, float]  # in the scan's world, RAS+
    centre_voxel: tuple[int, int, int]  # (d, h, w) in the slab
    peak_residual: float  # not filtered
    place: str
    side: str  # the patient's
    tissues: str  # for a reader, with shares; all three as in `uad_core.atlas.location`
    by_hand: str = "no"  # or "changed", "drawn": see `uad_core.pipeline.edits`


def regions(mask: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """(d, h, w) of a mask's voxels, three times (V,), and the 26-connected component of each, from 0, the largest."""
    voxels = np.unravel_index(np.flatnonzero(mask), mask.shape)  # np.nonzero in 3-D takes ten times as long
    if not voxels[0].size:
        return voxels, np.zeros(0, np.int64)
    labels = cc3d.connected_components(mask, connectivity=26)[voxels].astype(np.int64) - 1
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return voxels, rank[labels]


def lesions(mask: np.ndarray, values: np.ndarray, prepared: Prepared) -> tuple[Lesion, ...]:
    """The 26-connected components of a slab's mask, largest first."""
    voxels, numbers = regions(mask)
    if not numbers.size:
        return ()
    sizes = np.bincount(numbers)
    centres = np.stack([np.bincount(numbers, weights=axis) / sizes for axis in voxels], axis=1)
    peaks = np.zeros(len(sizes), np.float32)
    np.maximum.at(peaks, numbers, values[voxels])
    worlds = prepared.transform.apply(prepared.slab.to_world.apply(centres))
    volumes = sizes * volume_scale(prepared)
    found = []
    for index, place in enumerate(locate(voxels, numbers, prepared.slab)):
        x, y, z = (round(float(value), 2) for value in worlds[index])
        depth, row, column = (int(value) for value in np.rint(centres[index]))
        volume, peak = round(float(volumes[index]), 2), float(peaks[index])
        found.append(Lesion(index + 1, volume, (x, y, z), (depth, row, column), peak, *place))
    return tuple(found)


def region_that_holds(mask: np.ndarray, wanted: np.ndarray | None) -> int:
    """Which of a mask's regions, the largest being 0, holds most of what is `wanted`; the largest where none does."""
    voxels, numbers = regions(mask)
    held = numbers if wanted is None else numbers[wanted[voxels]]
    return int(np.argmax(np.bincount(held, minlength=1)))


def volume_scale(prepared: Prepared) -> float:
    """Patient volume per slab volume: registration makes every brain as large as the atlas's."""
    return prepared.transform.volume_scale
