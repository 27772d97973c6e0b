"""Scans of a few voxels with models of a line, so that expected values can be counted by hand."""

from __future__ import annotations

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.models import AnomalyModel
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.preprocess import Prepared, PreprocessConfig

FIRST = 70  # atlas level of slice 0


class Flat(AnomalyModel):
    """Draws tissue of 0.5 whatever it sees: the healthy brain of an even world."""

    def forward(self, slices):
        return 0 * slices + 0.5

    def objectives(self):
        return []


class Mixing(Flat):
    """What it draws anywhere in a slice depends on all of the slice, as with a bottleneck."""

    def forward(self, slices):
        return slices * slices.mean((1, 2, 3), keepdim=True) + slices.amax((1, 2, 3), keepdim=True) / 4


def prepared_of(array: np.ndarray, brain_mask: np.ndarray | None = None) -> Prepared:
    array = np.array(array, np.float32)
    array.flags.writeable = False
    slab = Slab(FIRST, len(array))
    scan = Volume.from_canonical(array, slab.affine)
    mask = np.ones(array.shape, bool) if brain_mask is None else brain_mask
    return Prepared(scan, array, mask, AffineTransform.identity(), PreprocessConfig(slab=slab))


def checkpoint_of(model: AnomalyModel, name: str = "dae", levels: int = 40) -> Checkpoint:
    """Healthy residuals are spread evenly over [0, 1], so that a percentile is a hundredfold threshold."""
    flat = ResidualHistogram(np.ones(BINS, np.int64))
    histograms = {(signed, size): flat for signed in SIGNS for size in MEDIAN_SIZES}
    calibration = Calibration(2.0, {"flat": Reference(True, 1, 1.0, histograms)})
    return Checkpoint("test", model.eval(), Slab(FIRST, levels), calibration, {"model": name}, "0" * 64)


def reconstruction_of(
    array: np.ndarray, drawn: np.ndarray, brain_mask: np.ndarray | None = None, searched: np.ndarray | None = None
) -> Reconstruction:
    """A model's work given as it is: `drawn` where the scan is `array`."""
    prepared = prepared_of(array, brain_mask)
    where = prepared.brain_mask if searched is None else searched
    return Reconstruction(prepared, checkpoint_of(Flat()), np.array(drawn, np.float32), where, 0.0, ())
