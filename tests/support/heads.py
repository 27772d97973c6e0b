"""Heads made by hand and models of a line, for tests of the whole chain."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage
from torch import nn

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE, Slab
from uad_core.atlas.template import template
from uad_core.detect.from_file import DetectRequest, detect_file
from uad_core.io.volume import Volume
from uad_core.models import AnomalyModel
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions

SLAB = Slab(70, 6)


class Identity(AnomalyModel):
    """Reconstructs everything, lesions too."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, slices):
        return slices + 0 * self.unused

    def objectives(self):
        return []


class Zeros(Identity):
    def forward(self, slices):
        return 0 * slices


def head() -> Volume:
    """An atlas-grid brain with texture and one bright ball of 4 mm radius in level 72."""
    d, h, w = np.ogrid[: ATLAS_SHAPE[0], : ATLAS_SHAPE[1], : ATLAS_SHAPE[2]]
    brain = template().brain_mask
    texture = ndimage.gaussian_filter(np.random.default_rng(0).random(ATLAS_SHAPE, np.float32), 3)
    image = np.where(brain, 100 * (1 + 0.5 * (texture - texture.mean())), 0)
    image[(d - 72) ** 2 + (h - 100) ** 2 + (w - 90) ** 2 <= 16] = 170
    return Volume.from_canonical(image.astype(np.float32), ATLAS_AFFINE)


def checkpoint_of(model: AnomalyModel, slab: Slab = SLAB) -> Checkpoint:
    flat = ResidualHistogram(np.ones(BINS, np.int64))
    histograms = {(signed, size): flat for signed in SIGNS for size in MEDIAN_SIZES}
    calibration = Calibration(2.0, {"flat": Reference(True, 1, 1.0, histograms)})
    return Checkpoint("test", model.eval(), slab, calibration, {"model": "sae3"}, "0" * 64)


SPACING = 4.0  # mm, so that 48 scans are searched in seconds
CONFIG = DetectConfig(threshold=0.7, postprocess=PostprocessConfig(median_size=3))
CHECKPOINT = checkpoint_of(Zeros(), Slab(66, 12))
SHOWN_AS_PREPARED = PrepareOptions(strip=False, register=False)


def small_head() -> nib.Nifti1Image:
    """A brain without mirror symmetry in atlas space, 4 mm voxels, RAS, with two bright lesions."""
    shape = (60, 60, 39)
    affine = np.diag([SPACING, SPACING, SPACING, 1.0])
    affine[:3, 3] = (-239, 0, 0)  # the atlas grid's corner
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    brain = template().brain_mask.transpose(2, 1, 0)[::-1, ::-1][::4, ::4, ::4]
    texture = ndimage.gaussian_filter(np.random.default_rng(0).random(shape), 1)
    image = np.where(brain, 80 + 80 * texture, 0)
    image[(i - 24) ** 2 + (j - 38) ** 2 + (k - 18) ** 2 <= 6] = 220
    image[(i - 37) ** 2 + (j - 25) ** 2 + (k - 17) ** 2 <= 4] = 220
    return nib.Nifti1Image(image.astype(np.float32), affine)


def run(path, image, out, config=CONFIG, prepare_options=SHOWN_AS_PREPARED):
    nib.save(image, path)
    return detect_file(DetectRequest(path, CHECKPOINT, config, prepare_options), out)


def mask_of(detection) -> nib.Nifti1Image:
    return nib.load(next(path for path in detection.files if path.name.endswith("_mask.nii.gz")))
