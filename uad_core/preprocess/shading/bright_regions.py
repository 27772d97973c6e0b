"""Bright regions that are no shading, because their edge is sharper than any coil can make it."""

import numpy as np
from scipy import ndimage

from uad_core.preprocess.shading.coarse import CoarseBrain

_LEVELS = (0.10, 0.15, 0.20, 0.25, 0.30)  # log intensity above the expected, at which regions are cut out
_SMOOTH_MM = 1.5
_LEAST_ML, _MOST = 2.0, 0.35  # smaller regions move no field; larger ones, as a share of the brain, are no lesion
_SHELL_MM = 8.0  # on either side of the edge
_FLUID = -0.35  # log residual below which a voxel of the shell outside is fluid
_FEWEST = 8  # voxels of a shell
_STILL = 0.14  # median log residual of a region that is no shading
_SHARP = 0.08  # least step at the edge, of log intensity, beyond two standard errors
_LARGE_ML, _SHARP_LARGE = 40.0, 0.065  # a fit follows most of a large region, edge and all
_AROUND = ndimage.generate_binary_structure(3, 1)


def sharp_regions(brain: CoarseBrain, residual: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """(N,) bool: regions where `residual` is bright and `judged` steps at the edge, and one voxel around them.

    `residual`, (N,) log, is of a fit that sees the lesions; `judged`, (N,), of the most flexible fit with everything in
    it. Such a fit follows whatever is smooth and leaves no step at the edge of a shaded region; at the edge of a lesion
    it must, since it cannot bend so fast.
    """
    bright, judged_volume = brain.smoothed(brain.one_sided(residual), _SMOOTH_MM), brain.volume(judged)
    most = _MOST * len(residual)
    found = np.zeros_like(brain.inside)
    for level in _LEVELS:
        labels, _ = ndimage.label(brain.inside & (bright > level))
        sizes = np.bincount(labels.ravel())
        for label, box in enumerate(ndimage.find_objects(labels), 1):
            if sizes[label] * brain.voxel_ml >= _LEAST_ML and sizes[label] <= most:
                wide = tuple(slice(max(0, side.start - 3), side.stop + 3) for side in box)
                region = labels[wide] == label
                least = _SHARP_LARGE if sizes[label] * brain.voxel_ml > _LARGE_ML else _SHARP
                if _step(region, brain.inside[wide], judged_volume[wide], brain.spacing_mm) > least:
                    found[wide] |= region
    return ndimage.binary_dilation(found, _AROUND)[brain.inside]


def still_bright(brain: CoarseBrain, residual: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """(N,) bool: those of the connected regions `bright` whose inside is, by the median of `residual`, (N,) log.

    That is of a fit in which they had no say: shading is smooth, so that what lies around it foretells it, and a region
    that only shading made bright no longer is.
    """
    volume, seen = np.zeros_like(brain.inside), brain.smoothed(brain.one_sided(residual), _SMOOTH_MM)
    volume[brain.inside] = bright
    labels, count = ndimage.label(volume)
    core = np.where(ndimage.binary_erosion(volume, _AROUND), labels, 0)
    there = np.flatnonzero(np.bincount(core.ravel(), minlength=count + 1)[1:]) + 1
    kept = [label for label in there if np.median(seen[core == label]) > _STILL]
    found: np.ndarray = np.isin(labels, kept)[brain.inside]
    return found


def _step(region: np.ndarray, inside: np.ndarray, residual: np.ndarray, spacing_mm: np.ndarray) -> float:
    """How much brighter a region is within its edge than beyond it, less two standard errors; -inf: no edge."""
    to_region = ndimage.distance_transform_edt(~region, spacing_mm)
    outer = inside & ~region & (residual > _FLUID) & (to_region <= _SHELL_MM)
    if np.count_nonzero(outer) < _FEWEST:
        return -np.inf
    inner = region & (ndimage.distance_transform_edt(region, spacing_mm) <= _SHELL_MM)
    inner &= ndimage.distance_transform_edt(~outer, spacing_mm) <= _SHELL_MM + 1
    if np.count_nonzero(inner) < _FEWEST:
        return -np.inf
    within, beyond = residual[inner], residual[outer]
    error = 1.25 * np.sqrt(within.var() / within.size + beyond.var() / beyond.size)  # of a difference of medians
    return float(np.median(within) - np.median(beyond) - 2 * error)
