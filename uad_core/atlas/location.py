"""Where in the brain a region lies: in which tissue, whether at the ventricles, and on which side of the patient.

Read off the template's tissues, which the scan was registered to by one affine transform. Folds and ventricles of a
patient lie some millimetres beside the template's, so a place is a hint for the eye, not a measurement.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from uad_core.atlas.masks import bounding_box
from uad_core.atlas.space import ATLAS_SHAPE, SLICE_SHAPE, WHOLE_BRAIN, Slab
from uad_core.atlas.template import TISSUE_CODES, TISSUES, template

MIDLINE = 119  # atlas column about which the template's tissues are their own mirror image; patient's right is below
ONE_SIDED = 0.9  # share of a region's voxels, off the midline's own column, from which on it has a side
PERIVENTRICULAR_MM = 5.0  # the criterion is contact (Thompson et al., Lancet Neurol 17 (2018) 162); this is slack
PERIVENTRICULAR = "periventricular white matter"
OUTSIDE = "outside the template's brain"
NAMED = 0.1  # share of a region from which on a tissue beside the most frequent one is named

_NEAR = 8  # added to a tissue's code where the ventricles are near


class Location(NamedTuple):
    """`name`: one of `TISSUES`, `PERIVENTRICULAR` or `OUTSIDE`. `side`: the patient's: left, right or both.

    `tissues`: for a reader, such as "white matter 55 %, cortex 40 %"; the name alone where a region lies in one tissue.
    """

    name: str
    side: str
    tissues: str


def locate(voxels: tuple[np.ndarray, ...], regions: np.ndarray, slab: Slab) -> tuple[Location, ...]:
    """The place of each of R regions of a mask; a vote of its voxels, so that it keeps up with a slider.

    A region lies in the tissue that more of its voxels lie in than in any other. White matter is called periventricular
    where any voxel of the region lies within `PERIVENTRICULAR_MM` of the template's ventricles. `voxels`, three times
    (V,), are in the slab, as `np.nonzero` gives them; `regions`, (V,), tell the region of each, from 0.
    """
    count = int(regions.max(initial=-1)) + 1
    keys = _map()[voxels[0] + slab.first, voxels[1], voxels[2]]
    votes = np.bincount(regions * 2 * _NEAR + keys, minlength=count * 2 * _NEAR).reshape(count, 2, _NEAR)
    by_tissue = votes.sum(axis=1)
    periventricular = (by_tissue.argmax(axis=1) == TISSUE_CODES["white matter"]) & (votes[:, 1].sum(axis=1) > 0)
    columns = voxels[2] - (SLICE_SHAPE[1] - ATLAS_SHAPE[2]) // 2
    left = np.bincount(regions[columns > MIDLINE], minlength=count)
    right = np.bincount(regions[columns < MIDLINE], minlength=count)
    enough = ONE_SIDED * np.maximum(left + right, 1)
    sides = np.select([left >= enough, right >= enough], ["left", "right"], "both").tolist()
    names = {**dict.fromkeys(range(_NEAR), OUTSIDE), **TISSUES}
    found = []
    for counts, near, side in zip(by_tissue, periventricular, sides, strict=True):
        name, *others = (names[int(tissue)] for tissue in np.argsort(-counts, kind="stable"))
        name = PERIVENTRICULAR if near else name
        found.append(Location(name, side, _shares([name, *others], np.sort(counts)[::-1])))
    return tuple(found)


def _shares(names: list[str], counts: np.ndarray) -> str:
    """The first name, or each with its share in per cent where others have one worth naming."""
    shares = counts / max(int(counts.sum()), 1)
    named = [(name, share) for name, share in zip(names, shares, strict=True) if share >= NAMED]
    if len(named) < 2:
        return names[0]
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in named)


@lru_cache(maxsize=1)
def _map() -> np.ndarray:
    """(155, 256, 256) uint8: the tissue's code in each voxel that a slab can hold, plus `_NEAR` near the ventricles."""
    tissues = template().tissues_in(WHOLE_BRAIN)
    ventricles = tissues == TISSUE_CODES["ventricles"]
    box = bounding_box(ventricles, margin=int(np.ceil(PERIVENTRICULAR_MM)))
    near = np.zeros_like(tissues)
    near[box] = ndimage.distance_transform_edt(~ventricles[box]) <= PERIVENTRICULAR_MM
    return tissues + _NEAR * near
