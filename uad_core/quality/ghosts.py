"""Does the head show a second time, beside itself? Over the brain such a ghost is a bright shape with edges.

Who moves while a scan is taken, and a pulse that does it for him, repeat the head along one axis; a field of view that
is too small folds it. Beside the head lies air, in which nothing should be seen. On eight whole heads its brightest
twentieth is up to 3 % of tissue brighter than its middle; with a ghost of 6 % of the head 5 to 6 %, of 10 % mostly 8 to
10 %, and masks are hardly alike any more. Where the air was set to one value, as in a stripped scan, nothing is known.
"""

import numpy as np
from scipy import ndimage

from uad_core.preprocess import Prepared
from uad_core.quality.check import Check
from uad_core.quality.tissue import BRIGHT, tissue

NAME = "Ghosts"
SOME, STRONG = 0.05, 0.12  # of tissue; see above
CELL_MM = 4.0  # over which noise is averaged
BESIDE_CELLS, BESIDE_MM = 3, 20.0  # of what surrounds the bright part of the head, and the brain, that is no air
LARGE = 0.6  # of the largest slice of the brain: beside smaller ones lie neck and face
LEAST = 0.02  # share of those slices that has to be air
BRIGHTEST = 0.95  # quantile of the air


def ghosts(prepared: Prepared) -> Check:
    """The light for a head that is seen in the air beside it."""
    scan = prepared.scan
    values, inside = tissue(scan)
    cell = [max(1, round(CELL_MM / mm)) for mm in scan.spacing_mm]
    cells = _means(values / np.median(values[inside]), cell)
    brain = _means(prepared.to_scan(prepared.brain_mask.astype(np.float32), order=0), cell) > 0
    area = brain.sum(axis=(1, 2))
    sampling = np.multiply(cell, scan.spacing_mm)
    head = ndimage.binary_dilation(ndimage.binary_closing(cells > BRIGHT, iterations=2), iterations=BESIDE_CELLS)
    far = ndimage.distance_transform_edt(~brain, sampling=sampling) > BESIDE_MM
    beside = (area >= LARGE * area.max()) & (area > 0)
    air = cells[beside][(far & ~head)[beside]]
    if air.size < LEAST * beside.sum() * cells[0].size or not air.any():
        return Check(NAME, "grey", "Not known: too little air is seen, or it was set to one value.")
    middle, bright = np.quantile(air, [0.5, BRIGHTEST])
    numbers = f"in the air, shapes shine by {100 * (bright - middle):.1f} % of tissue, to {100 * SOME:.0f} % is usual"
    if bright - middle <= SOME:
        return Check(NAME, "green", "The head is not seen a second time beside itself.", numbers)
    seen = (
        "The head, or a part of it, is seen a second time in the air, as where the patient moved or the picture folds."
    )
    over = "What of it lies over the brain is flagged. Look at the scan in a window that shows the air."
    return Check(NAME, "red" if bright - middle > STRONG else "amber", f"{seen} {over}", numbers)


def _means(values: np.ndarray, cell: list[int]) -> np.ndarray:
    """The means of (D, H, W) values over cells of so many voxels; what is left at the far ends is dropped."""
    counts = [size // step for size, step in zip(values.shape, cell, strict=True)]
    whole = values[tuple(slice(count * step) for count, step in zip(counts, cell, strict=True))]
    return whole.reshape([n for pair in zip(counts, cell, strict=True) for n in pair]).mean(axis=(1, 3, 5))
