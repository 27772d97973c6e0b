"""From the pixels of a picture, painted or clicked, to the voxels that they show."""

from collections.abc import Sequence

import numpy as np

from uad_core.pipeline.edits import voxels_of
from uad_core.preprocess import Prepared
from uad_core.render.slices import crop_box


def painted_voxels(prepared: Prepared, index: int, pixels: Sequence[tuple[int, int]]) -> np.ndarray:
    """The voxels of the (column, row) `pixels` of slice `index`, cropped as it is shown; as `voxels_of` names them.

    Pixels beyond the picture are left out.
    """
    rows, columns = crop_box(prepared.brain_mask)
    mask = np.zeros(prepared.array.shape, bool)
    if not pixels or not 0 <= index < len(mask):
        return voxels_of(mask, prepared.slab)
    across, down = np.array(pixels, np.int64).T
    within = (across >= 0) & (across < columns.stop - columns.start) & (down >= 0) & (down < rows.stop - rows.start)
    mask[index, rows.start + down[within], columns.start + across[within]] = True
    return voxels_of(mask, prepared.slab)
