"""Are the brightest and the darkest values of the brain still there? Cut off, a lesion looks like what surrounds it."""

import numpy as np

from uad_core.preprocess import Prepared
from uad_core.quality.check import Check
from uad_core.quality.tissue_levels import tissue_levels

NAME = "Brightest values"
UNKNOWN = "Not known: too little brain lies at these levels."
SOME, MANY = 0.003, 0.02  # share of the brain that has one value, the highest; twelve heads: at most .0002
DARK_NAME = "Darkest values"
DARK, BLACK = 0.005, 0.12  # share of the brain at its lowest value, and fluid of white matter: of scans whose zero was
# moved up 0.006 to 0.08 and 0.10; either alone also of sound ones (up to 0.03; from 0.13)
WRAP, FEW = 0.75, 500  # a jump by so much of all values of 8, 12 or 16 bits; sound heads of 8 bits have up to 290
ALMOST = 1 - 1e-4  # of the highest: rounding


def saturation(prepared: Prepared) -> Check:
    """The light for a scan that was saved with a window narrower than its values."""
    brain = prepared.to_scan(prepared.brain_mask, 0)
    values = prepared.scan.array[brain]
    if not values.size:
        return Check(NAME, "grey", UNKNOWN)
    low, high = float(values.min()), float(values.max())
    share = float(np.mean(values >= low + ALMOST * (high - low)))
    numbers = f"{100 * share:.1f} % of the brain has the highest value; more than {100 * SOME:.1f} % is unusual"
    if share > MANY:
        return Check(NAME, "red", "The brightest values were cut off: lesions look like tissue. Export the "
                     "scan again, with all of its values.", numbers)  # fmt: skip
    if share > SOME:
        return Check(NAME, "amber", "Some of the brightest values were cut off: lesions may be missed.", numbers)
    if wraps := _wraps(prepared.scan.array, brain, high):
        torn = (
            "Bright tissue lies directly beside the darkest: the highest values began at 0 again when they were stored."
        )
        return Check(NAME, "red", f"{torn} Export the scan again.", f"at {wraps} places within the brain")
    return Check(NAME, "green", "The brightest values differ, as they should.", numbers)


def floor(prepared: Prepared) -> Check:
    """The light for a scan whose zero was moved up, as by a window that cuts dark values off."""
    values, levels = prepared.scan.array[prepared.to_scan(prepared.brain_mask, 0)], tissue_levels(prepared)
    if not values.size or levels is None:
        return Check(DARK_NAME, "grey", UNKNOWN)
    share, fluid = float(np.mean(values <= values.max() - ALMOST * np.ptp(values))), levels.fluid_share
    numbers = (
        f"{100 * share:.1f} % of the brain has the lowest value, fluid is {fluid:.2f} times as bright as white matter; "
        f"more than {100 * DARK:.1f} % and less than {BLACK} are unusual together"
    )
    if share > DARK and fluid < BLACK:
        return Check(DARK_NAME, "amber", "The darkest values of the brain were cut off, as by a window: healthy tissue "
                     "may be flagged. Export the scan again, with all of its values.", numbers)  # fmt: skip
    return Check(DARK_NAME, "green", "The darkest values differ, as they should.", numbers)


def _wraps(array: np.ndarray, brain: np.ndarray, high: float) -> int:
    """How many neighbours within the brain differ by nearly all values that 8, 12 or 16 bits hold; 0 where few do."""
    bits = next((bits for bits in (8, 12, 16) if 0.95 * 2**bits <= high < 2**bits), None)
    if bits is None:
        return 0
    jumps = 0
    for axis in range(3):
        both = np.moveaxis(brain, axis, 0)[1:] & np.moveaxis(brain, axis, 0)[:-1]
        jumps += int(
            np.count_nonzero((np.abs(np.diff(array, axis=axis)) > WRAP * 2**bits) & np.moveaxis(both, 0, axis))
        )
    return jumps if jumps > FEW else 0
