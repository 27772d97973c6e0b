"""Which voxels of a scan as it came, skull and all, show tissue; for lights that need no brain mask."""

import numpy as np

from uad_core.io.volume import Volume
from uad_core.preprocess.signal import with_zero

BRIGHT = 0.5  # of the tissue's median: what is darker is air, bone or fluid


def tissue(scan: Volume) -> tuple[np.ndarray, np.ndarray]:
    """(D, H, W) grey values above that of no signal, and where there is tissue. Raises ScanError: normalise_failed."""
    values = np.maximum(with_zero(scan)[0].array, 0)
    return values, values > BRIGHT * np.median(values[values > values.mean()])
