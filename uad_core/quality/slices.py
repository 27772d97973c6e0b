"""Does each slice fit its neighbours? A model sees slices: one that is brighter than it was looks like a lesion.

Measured on twelve real and simulated heads: see below; every second slice moved by 5 mm leaves 0.8 to 1.2 of
`ALIKE`. A block of a few slices in a wrong order is not seen.
"""

import numpy as np
from scipy import ndimage

from uad_core.io.volume import Volume
from uad_core.preprocess.signal import commonest_on_faces
from uad_core.quality.check import Check

NAME = "Slices"
STEP, GREAT_STEP = 0.12, 0.25  # of log brightness; clean heads to .04, of slices of 8 mm to .09; one slice 15 % off: .2
ALIKE = 1.3  # by which slices two apart differ more than neighbours, at least; clean heads 1.4 to 3.2
SMOOTH_MM = 4.0
BRIGHT = 0.5  # of the tissue's median: what is darker is air, bone or fluid
LARGE = 0.4  # of the area of the largest slice: smaller ones, at the crown, do change from one to the next


def slices(scan: Volume) -> Check:
    """The light for brightness that jumps from slice to slice, and for slices that are not where they belong."""
    values = np.abs(scan.array - commonest_on_faces(scan.array))
    head = values > BRIGHT * np.median(values[values > values.mean()])
    logs = np.log(np.maximum(values, 1e-6 * values.max()))
    axis = int(np.argmax(scan.spacing_mm))  # along which slices were most likely made
    step = max(_step(np.moveaxis(logs, one, 0), np.moveaxis(head, one, 0)) for one in range(3))
    smooth = [1 if one == axis else max(1, round(SMOOTH_MM / mm)) for one, mm in enumerate(scan.spacing_mm)]
    smoothed = ndimage.uniform_filter(values, smooth)  # of noise, which is alike nowhere
    near, next_but_one = _likeness(np.moveaxis(smoothed, axis, 0), np.moveaxis(head, axis, 0))
    numbers = (
        f"brightness steps by up to {100 * step:.0f} % from a slice to the next, to {100 * STEP:.0f} % is usual; "
        f"neighbours correlate by {near:.2f}, slices two apart by {next_but_one:.2f}"
    )
    if step > GREAT_STEP:
        jumps = (
            "A slice is far brighter or darker than those beside it, as where its scale was lost or a part is missing."
        )
        return Check(NAME, "red", f"{jumps} What lies there is flagged, or missed. Export the scan again.", numbers)
    if 1 - next_but_one < ALIKE * (1 - near):
        order = "Slices are no more like their neighbours than like others: the patient moved, or their order is wrong."
        return Check(NAME, "amber", f"{order} Look at the scan from the side.", numbers)
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


def _likeness(values: np.ndarray, head: np.ndarray) -> tuple[float, float]:
    """Median correlation, within the head, of neighbours and of slices two apart; 1 and 0 of too few slices."""
    area = head.sum(axis=(1, 2))
    near, apart = [], []
    for z in range(1, len(values) - 1):
        common = head[z - 1] & head[z] & head[z + 1]
        if common.sum() >= LARGE * area.max():
            near.append(np.corrcoef(values[z][common], values[z + 1][common])[0, 1])
            apart.append(np.corrcoef(values[z - 1][common], values[z + 1][common])[0, 1])
    return (float(np.median(near)), float(np.median(apart))) if len(near) > 1 else (1.0, 0.0)
