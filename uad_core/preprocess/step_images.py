"""What each step of the preparation did to a scan, before and after, recomputed from its result: nothing is kept."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from uad_core.atlas.masks import bounding_box
from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.normalise import TISSUE_LEVEL
from uad_core.preprocess.prepared import Prepared
from uad_core.preprocess.signal import with_zero
from uad_core.preprocess.slab import mask_to_slab, resample

MARGIN_MM = 22  # around the brain in the atlas: wide enough for the scalp
BRIGHTEST = 99.7  # percentile of a scan's voxels that is shown white before anything is known of it
SHOWN = 0.15  # of white: what is darker is air, and not worth the room
SHADING_RANGE = 0.5  # of the field, that is shown white; as much less is black
REMOVED_GAIN = 10.0  # what denoising took away is shown so much brighter
SKULL = "The outline should follow the surface of the brain: no scalp within, no cortex without."
REGISTRATION = "In the atlas the outline is the template's brain: the scan's should fill it, its midline upright."
SHADING = (
    "The field should be smooth and know nothing of folds or lesions. A lesion that shows in it was partly taken for "
    "shading; bright regions with sharp edges had no say in it."
)
DENOISING = "What was taken away should be noise, without the shape of folds or of a lesion."


@dataclass(frozen=True, eq=False)
class StepView:
    """A volume to be shown."""

    title: str
    array: np.ndarray  # (D, H, W) uint8, canonical; 255 is white
    spacing_mm: tuple[float, float, float]  # along D, H, W
    to_atlas: AffineTransform  # voxel (d, h, w) -> atlas world mm, so that views on different grids can show one place
    outline: np.ndarray | None = None  # (D, H, W) bool whose rim is drawn, or None


@dataclass(frozen=True, eq=False)
class StepImages:
    """One step of the preparation."""

    name: str
    outcome: str  # a sentence on how it went, and how long it took
    look_for: str  # a sentence on what to look for in the views
    views: tuple[StepView, ...]  # the first is before the step, the second after it


def as_it_came(scan: Volume, middle_at: tuple[float, float, float]) -> StepView:
    """A scan before anything was done to it, its middle at a place in atlas world mm.

    Twice the median of what is no air is white: 0.7 to 1.1 of the white that the prepared brain is shown with.
    """
    with suppress(ScanError):  # a scan without a zero is shown as it is, and its preparation says so
        scan, _ = with_zero(scan)
    some = scan.array[::2, ::2, ::2]
    brightest = float(np.percentile(some, BRIGHTEST))
    white = 2 * float(np.median(some[some > SHOWN * brightest])) if brightest > 0 else 1.0
    middle = np.asarray(scan.to_world.apply((np.array(scan.shape) - 1) / 2))
    centred = AffineTransform.shift(*(np.asarray(middle_at) - middle)) @ scan.to_world
    shown = scan.array > SHOWN * brightest
    return _sagittal_view(shown, centred, scan.spacing_mm)("The scan as it came", scan.array, white)


def before_after(prepared: Prepared) -> tuple[StepImages, ...]:
    """The steps of a prepared scan, best over all levels; until the last in the scan's own greys, from no signal on."""
    (scan, _), inside, slab = with_zero(prepared.scan), prepared.brain_mask, prepared.slab
    scan_to_atlas = prepared.transform.inverse @ scan.to_world
    registered = resample(scan.array, scan_to_atlas.inverse @ slab.to_world, slab.shape, order=1)
    unit = float(np.median(registered[inside]) / np.median(prepared.array[inside]))  # of the scan, that became 1
    smooth = prepared.array * unit
    brain = prepared.to_scan(inside, order=0)
    target = mask_to_slab(template().brain_mask, template().flair, AffineTransform.identity(), slab)
    in_atlas = _sagittal_view(target | inside, slab.to_world, (1.0, 1.0, 1.0))
    bright = scan.array > SHOWN * unit
    in_scan = _sagittal_view(bright | brain, scan_to_atlas, scan.spacing_mm)

    stripping = (
        in_scan("The scan as it came", scan.array, unit),
        in_scan("What was taken as brain", scan.array, unit, brain),
    )
    registering = (
        in_scan("On the scan's own grid", scan.array, unit, brain),
        in_atlas("In the atlas", registered, unit, target),
    )
    gain = prepared.shading.gain(scan.shape) if prepared.shading else np.ones(scan.shape, np.float32)
    even = scan.array / gain
    registered = resample(even, scan_to_atlas.inverse @ slab.to_world, slab.shape, order=1)
    noisy = np.where(inside, registered, 0)
    evening = (
        in_scan("Before", np.where(brain, scan.array, 0), unit),
        in_scan("After", np.where(brain, even, 0), unit),
        in_scan(f"The field: mid grey is none, white {SHADING_RANGE:.0%} more", np.where(brain, _swing(gain), 0), 1.0),
    )
    after = f"After {prepared.config.denoise_iterations} iterations"
    took = f"What was taken away, {REMOVED_GAIN:.0f} times as bright"
    denoising = (
        in_atlas("Before", noisy, unit),
        in_atlas(after, smooth, unit),
        in_atlas(took, np.abs(noisy - smooth), unit / REMOVED_GAIN),
    )
    scaling = (
        in_atlas("Before: white is the scan's brightest voxel", smooth, float(scan.array.max())),
        in_atlas("After: white is 1", prepared.array, 1.0),
    )
    clipped = 100 * float(np.mean(prepared.array[inside] >= 1))
    scaled = (
        f"Brain tissue lay at about {TISSUE_LEVEL * unit:.4g} above no signal in the scan's own units and lies at "
        f"{TISSUE_LEVEL} now, as in every scan. {clipped:.2f} % of the brain would be brighter than 1 and was cut off "
        "there."
    )
    how = {step.name: f"{step.sentence} ({step.seconds:.1f} s)" for step in prepared.steps}
    return (
        StepImages("Skull", how.get("strip", ""), SKULL, stripping),
        StepImages("Registration", how.get("register", ""), REGISTRATION, registering),
        StepImages("Shading", how.get("shading", "Left as it is."), SHADING, evening),
        StepImages("Denoising", how.get("denoise", ""), DENOISING, denoising),
        StepImages("Normalisation", how.get("normalise", ""), scaled, scaling),
    )


def _swing(gain: np.ndarray) -> np.ndarray:
    return np.clip(0.5 + np.log(gain) / (2 * np.log(1 + SHADING_RANGE)), 0, 1)


def _sagittal_view(
    mask: np.ndarray, to_atlas: AffineTransform, spacing_mm: tuple[float, float, float]
) -> Callable[..., StepView]:
    """Makes views, (title, array, white, outline), of the rows and columns of a grid within `MARGIN_MM` of a mask."""
    rows, columns = bounding_box(np.any(mask, axis=0), [round(MARGIN_MM / spacing) for spacing in spacing_mm[1:]])
    cut, placed = (slice(None), rows, columns), to_atlas @ AffineTransform.shift(0, rows.start, columns.start)

    def view(title: str, array: np.ndarray, white: float, outline: np.ndarray | None = None) -> StepView:
        grey = (np.clip(array[cut] / white, 0, 1) * 255).astype(np.uint8)
        return StepView(title, grey, spacing_mm, placed, None if outline is None else outline[cut])

    return view
