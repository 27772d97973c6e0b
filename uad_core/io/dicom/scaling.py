"""What stored values mean: each slice's slope and intercept, and whether they are those of its series."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from uad_core.io.dicom.frames import Frame
from uad_core.io.dicom.headers import DAMAGED
from uad_core.io.volume import ScanError

MATTERS = 0.01  # of a slice's mean value: what another scale may change it by without harm


def scaled(stored: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
    """(n, rows, columns) float32, slope * stored + intercept of each slice. Raises ScanError (damaged).

    Where all slopes are 0, as NIfTI has it, there is no scaling. A scanner scales all slices of a series alike, or each
    by its own: where most are alike, one that differs has lost its scale, and would be brighter or darker than it was;
    so has one that states none where others do.
    """
    scales = [(frame.slope, frame.intercept) for frame in frames]
    slopes = {slope for slope, _ in scales}
    if slopes == {0}:
        scales = [(1.0, 0.0)] * len(frames)
    elif 0 in slopes:
        raise ScanError("damaged", DAMAGED)
    lost = {frame.scaled for frame in frames} == {True, False}
    if lost and any(frame.scaled and (frame.slope, frame.intercept) != (1, 0) for frame in frames):
        raise ScanError("damaged", DAMAGED)
    common, count = Counter(scales).most_common(1)[0]
    values = np.empty(stored.shape, np.float32)
    with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are refused behind this
        for n, (slope, intercept) in enumerate(scales):
            exact = stored[n].astype(np.float64)
            values[n] = exact * slope + intercept
            if count > len(frames) / 2 and (slope, intercept) != common:
                usual = exact * common[0] + common[1]
                if not np.abs(values[n] - usual).mean() <= MATTERS * np.abs(usual).mean():
                    raise ScanError("damaged", DAMAGED)
    return values
