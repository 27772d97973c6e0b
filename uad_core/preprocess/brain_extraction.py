"""Skull stripping: which voxels are brain, by deepbet (Fisch et al., Hum Brain Mapp 45 (2024) e26590).

deepbet carries its weights in its package, so nothing is downloaded. It was trained on T1 images; on raw
FLAIR heads it agrees with the manual masks at hand about as well as tools made for FLAIR.
"""

from __future__ import annotations

import copy
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from uad_core.io.volume import ScanError, Volume

if TYPE_CHECKING:
    from deepbet.bet import BrainExtraction

_THRESHOLD = 0.5  # on deepbet's brain probability, its own default


def strip(volume: Volume) -> np.ndarray:
    """(D, H, W) bool: the brain of a whole head, in one piece and without holes.

    Raises:
        ScanError: `strip_failed` where nothing in the image looks like a brain.
    """
    extraction = copy.copy(_deepbet())  # it notes the bounding box on itself: two users must not share that
    ras = np.ascontiguousarray(volume.array[:, ::-1, ::-1].transpose(2, 1, 0))
    try:
        mask = extraction.postprocess(extraction.run_model(ras) > _THRESHOLD)
    except (AssertionError, ValueError, IndexError, RuntimeError) as error:
        raise ScanError(
            "strip_failed",
            "No brain was found in this scan. Check that it is a FLAIR image of a head; if it is "
            "skull-stripped already, switch skull stripping off, or give a brain mask of your own.",
        ) from error
    return np.ascontiguousarray(mask.transpose(2, 1, 0)[:, ::-1, ::-1], dtype=bool)


@lru_cache(maxsize=1)
def _deepbet() -> BrainExtraction:
    with warnings.catch_warnings():  # torch deprecates the TorchScript that the weights are kept in
        warnings.simplefilter("ignore")
        from deepbet.bet import BrainExtraction  # imports torch: only where a skull has to come off

        return BrainExtraction(no_gpu=True)
