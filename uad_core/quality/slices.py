"""Does each slice fit its neighbours? A model sees slices: one that is brighter than it was looks like a lesion.

Measured on twelve real and simulated heads: see below; every second slice moved by 5 mm leaves 0.8 to 1.2 of
`ALIKE`. Neighbours differ up to 1.6 times as much as those beside them; five or eight slices in reverse, or two
exchanged that lay three apart, give 1.9 and more at slices of 1 to 3 mm. Slices of 6 mm and more differ anyway: not all
of that is seen between them.
"""

import numpy as np
from scipy import ndimage

from uad_core.io.volume import Volume
from uad_core.quality.check import Check
from uad_core.quality.tissue import tissue

NAME = "Slices"
STEP, GREAT_STEP = 0.12, 0.25  # of log brightness; clean heads to .04, of slices of 8 mm to .09; one slice 15 % off: .2
ALIKE = 1.3  # by which slices two apart differ more than neighbours, at least; clean heads 1.4 to 3.2
SEAM, SEAM_OF_FIVE = 1.85, 2.5  # how far neighbours differ, to the pairs beside, and to the middle of five
SEAMS, STANDS_OUT = 4, 1.25  # so many pairs may be torn, and differ by so much from the next
SAME = 1e-6  # by which the likeness of a slice and its copy differs from 1
SMOOTH_MM, SMOOTH_FOR_SEAM_MM = 4.0, 8.0
LARGE = 0.4  # of the area of the largest slice: smaller ones, at the crown, do change from one to the next


def slices(scan: Volume) -> Check:
    """The light for brightness that jumps from slice to slice, and for slices that are not where they belong."""
    values, head = tissue(scan)
    logs = np.log(np.maximum(values, 1e-6 * values.max()))
    axis = int(np.argmax(scan.spacing_mm))  # along which slices were most likely made
    step = max(_step(np.moveaxis(logs, one, 0), np.moveaxis(head, one, 0)) for one in range(3))

    def likeness(smooth_mm: float, apart: int) -> np.ndarray:
        """Without the noise, which is alike nowhere."""
        size = [1 if one == axis else max(1, round(smooth_mm / mm)) for one, mm in enumerate(scan.spacing_mm)]
        smoothed = ndimage.uniform_filter(values, size)
        return _likeness(np.moveaxis(smoothed, axis, 0), np.moveaxis(head, axis, 0), apart)

    alike, apart = (_middle(likeness(SMOOTH_MM, n)) for n in (1, 2))
    unlike = 1 - likeness(SMOOTH_FOR_SEAM_MM, 1)
    seam = _seam(np.maximum(unlike, SAME))
    numbers = (
        f"brightness steps by up to {100 * step:.0f} % from a slice to the next, to {100 * STEP:.0f} % is usual; "
        f"neighbours correlate by {alike:.2f}, slices two apart by {apart:.2f}; no two "
        f"neighbours differ more than {seam:.1f} times as much as those beside them, {SEAM} is usual"
    )
    if step > GREAT_STEP:
        jumps = (
            "A slice is far brighter or darker than those beside it, as where its scale was lost or a part is missing."
        )
        return Check(NAME, "red", f"{jumps} What lies there is flagged, or missed. Export the scan again.", numbers)
    if np.any(unlike < SAME):
        twice = "A slice is there twice: the scan shows less than it seems, or a slice took another's place."
        return Check(NAME, "amber", f"{twice} Look at it from the side.", numbers)
    if 1 - apart < ALIKE * (1 - alike):
        order = "Slices are no more like their neighbours than like others: the patient moved, or their order is wrong."
        return Check(NAME, "amber", f"{order} Look at the scan from the side.", numbers)
    if seam > SEAM:
        torn = "Two neighbours differ far more than those beside them: the patient moved, or slices are out of order."
        return Check(NAME, "amber", f"{torn} Look at the scan from the side.", numbers)
    if step > STEP:
        return Check(NAME, "amber", "Brightness steps from slice to slice. Look at the scan from the side.", numbers)
    return Check(NAME, "green", "The slices fit their neighbours.", numbers)


def _step(logs: np.ndarray, head: np.ndarray) -> float:
    """How far, at most, a slice of (D, H, W) logs lies off the middle of its neighbours, less how far those do."""
    area = head.sum(axis=(1, 2))
    large = area >= LARGE * area.max()
    if np.any(large[:-2] & large[2:] & (area[1:-1] < np.minimum(area[:-2], area[2:]) / 2)):
        return 1.0  # a slice between has hardly any signal
    off = np.full(len(logs), np.nan)
    for z in range(1, len(logs) - 1):
        if large[z - 1 : z + 2].all() and (common := head[z - 1] & head[z] & head[z + 1]).any():
            off[z] = np.median(logs[z][common] - (logs[z - 1][common] + logs[z + 1][common]) / 2)
    found = np.abs(off[1:-1] - (off[:-2] + off[2:]) / 2)
    return float(np.nanmax(found)) if np.isfinite(found).any() else 0.0


def _likeness(values: np.ndarray, head: np.ndarray, apart: int) -> np.ndarray:
    """(D - apart,) correlations, within the head, of slices so many places apart; NaN where little of it is common."""
    least = LARGE * head.sum(axis=(1, 2)).max()
    found = np.full(max(len(values) - apart, 1), np.nan)
    for z in range(len(values) - apart):
        common = head[z] & head[z + apart]
        if common.sum() >= least:
            found[z] = np.corrcoef(values[z][common], values[z + apart][common])[0, 1]
    return found


def _middle(likeness: np.ndarray) -> float:
    """The median of those that are known; of none, 1."""
    known = likeness[np.isfinite(likeness)]
    return float(np.median(known)) if known.size else 1.0


def _seam(unlike: np.ndarray) -> float:
    """How many times as much as the pairs beside it a pair of neighbours differs at most, in terms of `SEAM`."""
    five = np.lib.stride_tricks.sliding_window_view(np.pad(unlike, 2, constant_values=np.nan), 5)
    beside = five[:, 2] / np.maximum(five[:, 1], five[:, 3])
    of_five = five[:, 2] / np.median(five, axis=1) * (SEAM / SEAM_OF_FIVE)
    found = np.sort(np.fmax(beside, of_five))[::-1]
    found = found[np.isfinite(found)]
    # where many pairs stand out, as between slices that were interpolated, none is a seam
    return float(min(found[0], SEAM * found[0] / (STANDS_OUT * found[SEAMS]))) if found.size > SEAMS else 1.0
