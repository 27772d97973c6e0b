"""Is this a FLAIR? Judged by which of the scan's own tissues is brighter than which.

On FLAIR free fluid is suppressed and grey matter is about as bright as white matter or brighter. On T1 grey matter is
darker than white matter; on T2, PD, STIR and an inverted FLAIR fluid is the brightest; double inversion leaves nothing
but grey matter. `tissue_levels` measures the three; two figures that no change of scale or offset moves tell the rest:

    grey    where grey matter lies on a line on which fluid is 0 and the darker quarter of white matter ends at 1
    depth   how far fluid lies below white matter, in spreads of a tissue

`python -m benchmarks.contrast_lights` measures how often the light is wrong on simulated contrasts. On real scans:

    scans, at the paper's levels                           green  amber  red
    8 FLAIR volumes (7 raw heads, 1 stripped)                  8      0    0
    60 near-normal single FLAIR slices (SOOP)                 57      3    0
    120 single slices of old brains, half with an infarct     83     25   12
    the same 188 images inverted                               1      0  187
    SRI24's T1, PD and T2                                      0      0    3

What no grey value can tell is diffusion weighting (DWI): there fluid is dark too, and grey matter a little brighter
than white matter.
"""

import numpy as np

from uad_core.preprocess import Prepared
from uad_core.quality.check import Check, Severity
from uad_core.quality.tissue_levels import TissueLevels, tissue_levels

GREY_GOOD, GREY_LEAST = 0.96, 0.87  # lower: amber, red
GREY_USUAL_MOST = 1.7  # higher: amber
FLUID_GOOD, FLUID_MOST = 0.42, 0.55  # of white matter; more: amber, red. Nine heads 0.14 to 0.32, 120 slices of sound
# brains 0.22 in the middle and one in forty above 0.37; with a constant added, or fluid badly suppressed, 0.45 to 0.70
DEPTH_GOOD = 3.0  # less: amber
DEPTH_USUAL_MOST, DEPTH_MOST = 15.0, 20.0  # more: amber, red; twelve heads 7 to 13, their square roots 15 to 22
EVEN = 0.1  # furthest that grey values lie from evenly spread ones, of their range; scans 0.2 to 0.6, equalised to 0.09
NAME = "FLAIR contrast"


def contrast(prepared: Prepared) -> Check:
    """The check, from the levels that were prepared."""
    if _spread_evenly(prepared.scan.array):
        even = "The grey values are spread evenly, as after histogram equalisation: how bright a lesion was is lost."
        return Check(NAME, "red", f"{even} Give the scan as it was before.")
    levels = tissue_levels(prepared)
    if levels is None:
        return Check(NAME, "grey", "Too little of each tissue lies at these levels to judge the contrast.")
    severity, sentence = _verdict(levels)
    numbers = (
        f"fluid {levels.fluid_share:.2f} times as bright as white matter, at most {FLUID_GOOD} is usual, and "
        f"{levels.depth:.1f} spreads of a tissue below white matter, {DEPTH_GOOD:.0f} to "
        f"{DEPTH_USUAL_MOST:.0f} are usual; "
        f"grey matter at {levels.grey_place:.2f} from fluid (0) to dark white matter (1), {GREY_GOOD:.2f} to "
        f"{GREY_USUAL_MOST:.2f} is usual"
    )
    return Check(NAME, severity, sentence, numbers)


def _spread_evenly(array: np.ndarray) -> bool:
    """Whether as many voxels have one grey value as another."""
    some = array[::2, ::2, ::2]
    values = np.sort(some[some > some.min()])
    values = (values - values[0]) / (values[-1] - values[0]) if values.size and values[-1] > values[0] else np.ones(1)
    return bool(np.abs(values - np.linspace(0, 1, values.size)).max() < EVEN)


def _verdict(levels: TissueLevels) -> tuple[Severity, str]:
    if levels.depth <= 0:
        bright = "Fluid is brighter than white matter, as on T2, PD, STIR or an inverted image: this is no FLAIR."
        return "red", f"{bright} Results on it mean nothing."
    if levels.grey_place < GREY_LEAST:
        return "red", (
            "Grey matter is darker than white matter, as on T1: this is hardly a FLAIR. Only in brains with very much "
            "white-matter disease does a FLAIR look like that. Results on another contrast mean nothing."
        )
    if levels.depth > DEPTH_USUAL_MOST:
        bent = "Tissues differ far less from each other than from fluid, as after a logarithm or a root of the values."
        return ("red" if levels.depth > DEPTH_MOST else "amber"), f"{bent} Lesions may be missed; give the scan itself."
    if levels.depth < DEPTH_GOOD:
        return "amber", "Fluid is hardly darker than white matter. Is this a FLAIR?"
    if levels.grey_place < GREY_GOOD:
        return "amber", "Grey matter is a little darker than white matter, which is unusual on FLAIR. Is this one?"
    if levels.grey_place > GREY_USUAL_MOST:
        return "amber", "Grey matter is far brighter than white matter, as with double inversion. Is this a FLAIR?"
    if levels.fluid_share > FLUID_GOOD:
        bright = (
            "Fluid is about half as bright as white matter: badly suppressed, or a constant was added to all values."
        )
        changed = f"{bright} Lesions may be missed, or healthy tissue flagged; give the scan as it was measured."
        return ("red" if levels.fluid_share > FLUID_MOST else "amber"), changed
    return "green", (
        "Fluid is dark and grey matter at least as bright as white matter, as on FLAIR. Other contrasts with dark "
        "fluid, above all diffusion weighting, would pass as well."
    )
