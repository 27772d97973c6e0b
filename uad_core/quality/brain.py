"""Was the skull treated as the scan needs, is there a brain's worth of brain, and does it lie on the atlas?"""

import numpy as np
from scipy import ndimage

from uad_core.atlas.masks import overlap
from uad_core.atlas.space import Slab
from uad_core.atlas.template import template
from uad_core.preprocess import Prepared, PreprocessConfig, inspect_scan
from uad_core.preprocess.checks import CUT_OFF
from uad_core.quality.check import Check

RIM_MM, DEEP_MM = 3.0, 10.0  # in plane
BRIGHT = 0.96  # nine heads 0.59 to 0.84, simulated ones up to 0.94; with 5 and 6 mm taken off 0.99 and 1.00
ALIKE_AS_GIVEN = 0.90  # Dice of brains that came registered; four simulated ones and SRI24's own have 0.91 to 0.95


def skull(prepared: Prepared) -> Check:
    """Whether the skull is there, against what was done about it."""
    found = inspect_scan(prepared.scan)
    stripped_here = prepared.config.strip
    numbers = (
        f"{100 * found.background:.0f} % of the voxels are background, the rest is {found.foreground_ml:.0f} ml; "
        f"the rim is {found.rim:.2f} times as bright as the middle (0.75 and more in stripped brains)"
    )
    if found.stripped and stripped_here:
        twice = "The scan looks skull-stripped already, and was stripped again: that may have taken cortex away."
        return Check("Skull", "amber", twice, numbers)
    if found.stripped:
        return Check("Skull", "green", "The scan looks skull-stripped already, and was left as it is.", numbers)
    if stripped_here:
        return Check("Skull", "green", "The scan looks like a whole head; all but the brain was taken out.", numbers)
    left = "The scan looks like a whole head, and was taken as skull-stripped."
    return Check("Skull", "amber", f"{left} Unless you gave a brain mask, scalp shows.", numbers)


def rim(prepared: Prepared) -> Check:
    """Whether cortex and the fluid around it are still there: what lies at the rim of a brain is darker than within."""
    depth = np.stack([ndimage.distance_transform_edt(level) for level in prepared.brain_mask])
    outer, inner = prepared.array[(depth > 0) & (depth <= RIM_MM)], prepared.array[depth > DEEP_MM]
    if not outer.size or not inner.size or not np.median(inner) > 0:
        return Check("Rim of the brain", "grey", "Not known: too little brain lies at these levels.")
    share = float(np.median(outer) / np.median(inner))
    numbers = (
        f"the outer {RIM_MM:.0f} mm are {share:.2f} times as bright as what lies deeper; less than {BRIGHT} is usual"
    )
    if share < BRIGHT:
        return Check("Rim of the brain", "green", "The rim of the brain is darker than the rest, as usual.", numbers)
    gone = "The brain ends where it is as bright as within: its mask left cortex out, which is not judged."
    return Check("Rim of the brain", "amber", gone, numbers)


def brain_volume(whole: Prepared) -> Check:
    """Millilitres of brain in the patient, of a scan that was prepared over all levels."""
    millilitres = np.count_nonzero(whole.brain_mask) * (whole.transform.volume_scale / 1000)
    low, high = whole.config.usual_brain_ml
    numbers = f"{millilitres:.0f} ml in the prepared scan; {low:.0f} to {high:.0f} ml are usual"
    if low <= millilitres <= high:
        return Check("Brain volume", "green", "The brain mask holds as much as a brain.", numbers)
    wrong = "The brain mask holds more or less than most brains. Check its outline below."
    return Check("Brain volume", "amber", wrong, numbers, already_reported=True)


def field_of_view(prepared: Prepared) -> Check:
    """Whether the whole brain is in the scan."""
    for warning in prepared.warnings:
        if CUT_OFF in warning:
            return Check("Field of view", "amber", warning, already_reported=True)
    return Check("Field of view", "green", "The brain ends within the scan on all sides.")


def place(prepared: Prepared) -> Check:
    """Overlap with the template's brain at the levels that were prepared and that the scan reaches."""
    reached = np.any(prepared.brain_mask, axis=(1, 2))
    dice = overlap(prepared.brain_mask, _template_brain(prepared.slab) & reached[:, None, None])
    registered = prepared.config.register
    least = PreprocessConfig.good_overlap if registered else ALIKE_AS_GIVEN
    numbers = f"overlap (Dice) {dice:.3f} at these levels, at least {least:.2f} is usual"
    how = "was registered to the atlas" if registered else "was taken as lying in the atlas already"
    if dice >= least:
        good = f"The scan {how}, and its brain covers that of the template."
        return Check("Place in the atlas", "green", good, numbers)
    off = f"The scan {how}, but its brain covers that of the template badly. Check the outline below."
    return Check("Place in the atlas", "amber", off, numbers)


def levels(prepared: Prepared) -> Check:
    """How many of the levels hold brain, of those where the template has some."""
    wanted = _template_brain(prepared.slab).any(axis=(1, 2))
    there = prepared.brain_mask.any(axis=(1, 2)) & wanted
    first, last = prepared.slab.levels[0], prepared.slab.levels[-1]
    numbers = f"{np.count_nonzero(there)} of {np.count_nonzero(wanted)} levels, {first} to {last} mm of the atlas"
    if np.array_equal(there, wanted):
        return Check("Levels", "green", "The scan reaches all levels that this model looks at.", numbers)
    short = "The scan does not reach all levels that this model looks at; nothing is said about the others."
    reported = any("axial levels" in text for text in prepared.warnings)
    return Check("Levels", "amber", short, numbers, reported)


def _template_brain(slab: Slab) -> np.ndarray:
    """(D, 256, 256) bool."""
    return template().tissues_in(slab) > 0
