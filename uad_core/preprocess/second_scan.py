"""A second scan of the same person, laid over the first: both are then compared voxel by voxel."""

from dataclasses import replace

import numpy as np

from uad_core.atlas.space import WHOLE_BRAIN, Slab
from uad_core.atlas.template import Atlas
from uad_core.io.volume import Volume
from uad_core.preprocess.from_file import PrepareOptions, prepare_volume
from uad_core.preprocess.preparation import OnStep
from uad_core.preprocess.prepared import Prepared

BRAIN = 1  # any tissue's code: of the first scan's brain, only the outline is looked at


def prepare_second(
    scan: Volume, first: Prepared, slab: Slab, prepare_options: PrepareOptions, on_progress: OnStep
) -> Prepared:
    """Prepare `scan` at the levels of `slab`, registered to `first` instead of the template.

    `first` is the earlier scan at all levels of the whole brain: its own way to the atlas becomes the second's, so that
    one voxel of both is one place in the person. Raises ScanError as `prepare` does.
    """
    if first.slab != WHOLE_BRAIN:
        raise ValueError("the first scan must be prepared at the levels of the whole brain")
    target = Atlas(
        Volume.from_canonical(first.array, WHOLE_BRAIN.affine), np.where(first.brain_mask, BRAIN, 0).astype(np.uint8)
    )
    own = replace(prepare_options, slab=slab, register=True, look_mask=None)  # that mask lies on the first one's grid
    return prepare_volume(scan, slab, own, target, on_progress)
