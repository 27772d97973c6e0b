"""How fine is what the scan shows? Voxels of 1 mm say nothing where it was smoothed, or its slices were thick once.

Neighbours differ the more the farther apart they lie. In a scan the mean square of the difference grows from 2 mm to 4
by the power 0.2 to 0.9; where everything finer was smoothed away, by the power 2. Measured on twelve heads, smoothed by
a Gaussian of 2 mm: 1.4 to 1.7, of 3 mm: 1.6 to 1.8; slices of 5 mm that were interpolated to 1 mm: 1.4 to 1.6 across.
"""

import numpy as np

from uad_core.io.volume import Volume
from uad_core.quality.check import Check
from uad_core.quality.tissue import tissue

NAME = "Sharpness"
BLURRED, TOO_BLURRED = 1.15, 1.5  # the power; no lesion under half a millilitre survives the second
LAGS_MM = (2.0, 4.0)
JUDGED_MM = 2.0  # voxels longer than that say by themselves how thick slices are
EDGES = 0.9  # quantile of the differences above which they are those of the head's edges, and cut
LEAST = 1000  # pairs of voxels


def sharpness(scan: Volume) -> Check:
    """The light for a scan that shows less than its voxels promise."""
    values, inside = tissue(scan)
    powers = [
        _power(np.moveaxis(values, axis, 0), np.moveaxis(inside, axis, 0), mm)
        for axis, mm in enumerate(scan.spacing_mm)
        if mm <= JUDGED_MM
    ]
    found = [power for power in powers if power is not None]
    if not found:
        return Check(NAME, "grey", "Not known: the voxels are too large, or too few.")
    most = max(found)
    numbers = (
        f"from 2 to 4 mm, differences grow by the power {min(found):.1f} to {most:.1f} along its axes, to {BLURRED} is "
        "usual; 2 where nothing finer is shown"
    )
    if most <= BLURRED:
        return Check(NAME, "green", "The scan shows what its voxels promise.", numbers)
    some = "was smoothed" if min(found) > BLURRED else "had thick slices once, or moved"
    blurred = f"The scan {some}: it shows less than its voxels promise, and small lesions are missed."
    return Check(
        NAME, "red" if most > TOO_BLURRED else "amber", f"{blurred} Give the scan as it was acquired.", numbers
    )


def _power(values: np.ndarray, inside: np.ndarray, mm: float) -> float | None:
    """By which mean square differences grow along the first axis; None where too few voxels lie within."""
    lags = sorted({max(1, int(round_(distance / mm))) for distance in LAGS_MM for round_ in (np.floor, np.ceil)})
    squares = []
    for lag in lags:
        both = inside[lag:, ::2, ::2] & inside[:-lag, ::2, ::2]
        apart = np.abs((values[lag:, ::2, ::2] - values[:-lag, ::2, ::2])[both])
        if apart.size < LEAST:
            return None
        squares.append(float(np.mean(np.minimum(apart, np.quantile(apart, EDGES)) ** 2)))
    if min(squares) <= 0:
        return 2.0
    near, far = np.interp(np.log(LAGS_MM), np.log(np.multiply(lags, mm)), np.log(squares))
    return float((far - near) / np.log(LAGS_MM[1] / LAGS_MM[0]))
