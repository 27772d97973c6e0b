"""Building the FLAIR template."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from tests.support.phantoms import SMALL, placed
from tools.template import TemplateConfig, _average, _bend
from uad_core.atlas.space import ATLAS_SHAPE
from uad_core.cohorts.simulate.anatomy import soften
from uad_core.cohorts.simulate.contrast import FlairContrast
from uad_core.cohorts.simulate.deform import BOX, STEP, Deformation, Resampled, resample
from uad_core.cohorts.simulate.label_map import read_image
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.cohorts.simulate.tissues import ATLAS_TISSUE, Tissue


@pytest.fixture(scope="module")
def subject() -> Resampled:
    return resample(placed(soften(phantom(1, SMALL), 0.55)), Deformation.identity())


def test_the_average_of_one_brain_three_times_is_that_brain(subject):
    values = FlairContrast().means()
    template = _average([subject] * 3, values)
    brain = ndimage.binary_fill_holes(subject.brain)
    assert template.flair.shape == template.tissues.shape == ATLAS_SHAPE
    np.testing.assert_array_equal(template.brain_mask[BOX], brain)
    np.testing.assert_allclose(
        template.flair[BOX][subject.brain], subject.dense(subject.mixture(values))[subject.brain], rtol=1e-5
    )
    pure = subject.dense(subject.maps[Tissue.WHITE]) > 0.6
    assert (template.tissues[BOX][pure & brain] == ATLAS_TISSUE[Tissue.WHITE]).all()


def test_bending_finds_a_brain_that_was_moved(subject):
    image = subject.dense(subject.mixture(FlairContrast().means())) * subject.brain
    moved = np.roll(image, 3, axis=1)  # 3 mm towards posterior
    found = _bend(image, moved, replace(TemplateConfig(), demons_iterations=25))
    nodes = tuple(slice(s.start // STEP, s.stop // STEP) for s in BOX)
    inside = ndimage.binary_erosion(subject.brain, iterations=6)[::STEP, ::STEP, ::STEP]
    depth, height, width = (min(a, b.stop - b.start) for a, b in zip(inside.shape, nodes, strict=True))
    field = found[(slice(None), *nodes)][:, :depth, :height, :width][:, inside[:depth, :height, :width]]
    assert np.median(field[1]) == pytest.approx(3, abs=0.8), "the atlas point is looked up 3 mm further back"
    assert np.abs(np.median(field[[0, 2]], axis=1)).max() < 0.5


def test_a_target_may_carry_a_fourth_axis_of_length_one(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((4, 5, 6, 1), np.float32), np.eye(4)), tmp_path / "late.nii.gz")
    assert read_image(tmp_path / "late.nii.gz").shape == (6, 5, 4)
