"""What each step of the preparation did to a scan, before and after, recomputed from its result.

Nothing of this is kept while a scan is prepared: the result knows the scan, the transform and the brain mask, and
the rest follows from one more resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.atlas import template
from uad_core.preprocess.intensity import TISSUE_LEVEL
from uad_core.preprocess.prepared import Prepared
from uad_core.preprocess.register import AffineTransform
from uad_core.preprocess.resample import resample
from uad_core.preprocess.slab import mask_to_slab

MARGIN_MM = 22  # around the template's brain in the atlas space: wide enough for the scalp
REMOVED_GAIN = 10.0  # what denoising took away is shown so much brighter
SKULL = "The outline should follow the surface of the brain: no scalp within, no cortex without."
REGISTRATION = "In the atlas the outline is the template's brain: the scan's should fill it, its midline upright."
DENOISING = "What was taken away should be noise, without the shape of folds or of a lesion."


@dataclass(frozen=True, eq=False)
class View:
    """A volume to look at.

    Attributes:
        title: what it is.
        array: (D, H, W) uint8, canonical; 255 is white.
        spacing_mm: along D, H, W.
        to_atlas: (4, 4) voxel (d, h, w) -> atlas world mm, so that views on different grids can show one place.
        outline: (D, H, W) bool whose rim is drawn, or None.
    """

    title: str
    array: np.ndarray
    spacing_mm: tuple[float, float, float]
    to_atlas: np.ndarray
    outline: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Stage:
    """One step: its name, a sentence on what to look for, and its views, the first before and the second after it."""

    name: str
    sentence: str
    views: tuple[View, ...]


def stages(prepared: Prepared) -> tuple[Stage, ...]:
    """Stripping, registration, denoising and normalisation of a prepared scan; best over all levels.

    Before normalisation the grey values are the scan's own, all with the same white.
    """
    scan, inside, slab = prepared.scan, prepared.brain_mask, prepared.slab
    scan_to_atlas = np.linalg.inv(prepared.transform.matrix) @ scan.affine
    registered = resample(scan.array, np.linalg.inv(scan_to_atlas) @ slab.affine, slab.shape, order=1)
    unit = float(np.median(registered[inside]) / np.median(prepared.array[inside]))  # of the scan, that became 1
    noisy, smooth = np.where(inside, registered, 0), prepared.array * unit
    brain = prepared.to_scan(inside, order=0)
    target = mask_to_slab(template().brain_mask, template().flair, AffineTransform.identity(), slab)
    rows, columns = _around(target | inside)
    cropped_to_atlas = slab.affine @ _shift(rows.start, columns.start)

    def in_scan(title: str, outline: np.ndarray | None = None) -> View:
        return View(title, _grey(scan.array, unit), scan.spacing_mm, scan_to_atlas, outline)

    def in_atlas(title: str, array: np.ndarray, white: float, outline: np.ndarray | None = None) -> View:
        rim = None if outline is None else outline[:, rows, columns]
        return View(title, _grey(array[:, rows, columns], white), (1.0, 1.0, 1.0), cropped_to_atlas, rim)

    took = f"What was taken away, {REMOVED_GAIN:.0f} times as bright"
    return (
        Stage("Skull", SKULL, (in_scan("The scan as it came"), in_scan("What was taken as brain", brain))),
        Stage(
            "Registration",
            REGISTRATION,
            (in_scan("On the scan's own grid", brain), in_atlas("In the atlas", registered, unit, target)),
        ),
        Stage(
            "Denoising",
            DENOISING,
            (
                in_atlas("Before", noisy, unit),
                in_atlas(f"After {prepared.config.denoise_iterations} iterations", smooth, unit),
                in_atlas(took, np.abs(noisy - smooth), unit / REMOVED_GAIN),
            ),
        ),
        Stage(
            "Normalisation",
            _on_normalisation(prepared, unit),
            (
                in_atlas("Before: white is the scan's brightest voxel", smooth, float(scan.array.max())),
                in_atlas("After: white is 1", prepared.array, 1.0),
            ),
        ),
    )


def _on_normalisation(prepared: Prepared, unit: float) -> str:
    clipped = 100 * float(np.mean(prepared.array[prepared.brain_mask] >= 1))
    return (
        f"Brain tissue lay at about {TISSUE_LEVEL * unit:.4g} in the scan's own units and lies at {TISSUE_LEVEL} now, "
        f"as in every scan. {clipped:.2f} % of the brain would be brighter than 1 and was cut off there."
    )


def _around(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns that hold a (D, H, W) mask and `MARGIN_MM` around it."""
    box = ndimage.find_objects(np.any(mask, axis=0).astype(np.uint8))[0]
    limits = zip(box, mask.shape[1:], strict=True)
    rows, columns = (slice(max(s.start - MARGIN_MM, 0), min(s.stop + MARGIN_MM, size)) for s, size in limits)
    return rows, columns


def _shift(row: int, column: int) -> np.ndarray:
    """(4, 4) voxel of a cropped volume -> voxel of the whole."""
    shift = np.eye(4)
    shift[1:3, 3] = row, column
    return shift


def _grey(array: np.ndarray, white: float) -> np.ndarray:
    return (np.clip(array / white, 0, 1) * 255).astype(np.uint8)
