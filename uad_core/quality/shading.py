"""How much shading was there, and can it be kept apart from a lesion?

`python -m benchmarks.shading` measured the limits: what a mask on a shaded head has in common with that on the head as
it came, against the figures below.
"""

import numpy as np

from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.preprocess import Prepared
from uad_core.quality.check import Check

NAME = "Shading"
STRONG, TOO_STRONG = 0.15, 0.30  # standard deviation of the log field over the brain
BAND = 0.125  # how much brighter the white matter of a plane is; twelve heads to .115, beside a dark band .13 to .17
PLANES, PART = 5, 0.25  # neighbours that are averaged; share of the largest plane's white matter that a plane needs
DISPUTED = 0.05  # of the difference between the fields with and without sharp-edged bright regions


def shading(prepared: Prepared) -> Check:
    """The light for the coil's shading."""
    field = prepared.shading
    if not prepared.config.shading:
        return Check(NAME, "amber", "Shading was left in, as asked: bright rims of a coil are flagged as lesions.")
    if field is None:
        return Check(NAME, "grey", "Not known: too little of the brain is there to tell shading from lesions.")
    numbers = (
        f"the field varies by {100 * field.spread:.0f} % over the brain (standard deviation; to {100 * STRONG:.0f} % "
        f"is usual); bright regions that it left out would add {100 * field.disputed:.0f} %"
    )
    if field.spread > TOO_STRONG:
        much = "The shading is stronger than what can be evened out: do not trust a mask where the field is steep."
        return Check(NAME, "red", much, numbers)
    if field.spread > STRONG:
        return Check(NAME, "amber", "Strong shading was evened out; some of it is left. Look at the field.", numbers)
    if (band := _brightest_plane(prepared)) > BAND:
        part = "White matter is brighter in one part of the head than elsewhere: shading is left, or much of it is ill."
        return Check(NAME, "amber", f"{part} Look at the field.", f"{numbers}; a plane is {100 * band:.0f} % brighter")
    if field.disputed > DISPUTED:
        either = "A large bright region was taken as a lesion, not as shading, for its sharp edge. Look at the field."
        return Check(NAME, "amber", either, numbers)
    return Check(NAME, "green", "The shading was evened out.", numbers)


def _brightest_plane(prepared: Prepared) -> float:
    """By what share the white matter of coronal or sagittal planes is brighter, at most, than that of half of them."""
    white = (template().tissues_in(prepared.slab) == TISSUE_CODES["white matter"]) & prepared.brain_mask
    found = [0.0]
    for axis in (1, 2):
        values, inside = np.moveaxis(prepared.array, axis, 0), np.moveaxis(white, axis, 0)
        size = inside.sum(axis=(1, 2))
        levels = [float(np.median(values[n][inside[n]])) for n in np.flatnonzero(size > PART * size.max())]
        if len(levels) > PLANES:
            smooth = np.convolve(levels, np.ones(PLANES) / PLANES, "valid")
            found.append(float(smooth.max() / max(np.median(smooth), 1e-6) - 1))
    return max(found)
