"""A single slice: laid on the template's, and back on the picture's own pixels."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.atlas.template import template
from uad_core.io.volume import ScanError
from uad_core.preprocess import prepare_slice


@pytest.fixture(scope="module")
def level_picture():
    """The template's own slice, cut out tightly."""
    level = template().flair.array[MNI_18_LEVEL]
    rows, columns = (np.flatnonzero(level.any(axis=axis)) for axis in (1, 0))
    return level[rows[0] - 3 : rows[-1] + 4, columns[0] - 5 : columns[-1] + 6]


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_the_templates_own_slice_lies_where_it_came_from(level_picture):
    prepared = prepare_slice(level_picture, MNI_18_LEVEL, denoise_iterations=0)
    assert prepared.array.shape == (1, 256, 256)
    assert list(prepared.slab.levels) == [MNI_18_LEVEL]
    brain = ndimage.binary_fill_holes(template().brain_mask[MNI_18_LEVEL])
    assert dice(prepared.brain_mask[0, 8:248, 8:248], brain) > 0.998
    assert prepared.warnings == ()


def test_a_picture_of_a_larger_brain_is_brought_to_the_templates_size(level_picture):
    larger = ndimage.zoom(level_picture, (1.11, 1.14), order=1)
    prepared, plain = prepare_slice(larger, MNI_18_LEVEL), prepare_slice(level_picture, MNI_18_LEVEL)
    assert dice(prepared.brain_mask, plain.brain_mask) > 0.99
    area = abs(np.linalg.det(prepared.transform.matrix))  # the picture's mm2 per mm2 of the slab
    assert area == pytest.approx(1.11 * 1.14, rel=0.02)


def test_a_mark_goes_to_the_slab_and_comes_back_to_its_pixels(level_picture):
    larger = ndimage.zoom(level_picture, (1.11, 1.14), order=1)
    mark = np.zeros((1, *larger.shape), bool)
    mark[0, 60:80, 40:65] = True
    prepared = prepare_slice(larger, MNI_18_LEVEL)
    back = prepared.to_scan(prepared.to_slab(mark), order=0)
    assert back.shape == mark.shape
    assert dice(back, mark) > 0.95


def test_a_picture_in_bytes_and_in_floats_gives_the_same(level_picture):
    grey = np.rint(level_picture).astype(np.uint8)
    one, other = prepare_slice(grey, MNI_18_LEVEL), prepare_slice(grey.astype(np.float32) * 3, MNI_18_LEVEL)
    np.testing.assert_allclose(one.array, other.array, atol=0.01)
    tissue = one.array[one.brain_mask & (one.array > 0.3)]
    assert np.median(tissue) == pytest.approx(0.5, abs=0.01)


def test_pixels_of_another_size_are_warned_of(level_picture):
    prepared = prepare_slice(ndimage.zoom(level_picture, 1.5, order=1), MNI_18_LEVEL)
    assert any("1 mm" in warning for warning in prepared.warnings)


BAD = {
    "black": (np.zeros((50, 60)), "constant"),
    "not a number": (np.full((50, 60), np.nan), "constant"),
    "in colour": (np.ones((50, 60, 3)), "dims"),
    "two dots": (np.eye(2).repeat(30, axis=0).repeat(2, axis=1), "registration_failed"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_slice_of_a_brain_is_refused(case):
    picture, code = BAD[case]
    with pytest.raises(ScanError) as error:
        prepare_slice(picture, MNI_18_LEVEL)
    assert error.value.code == code


def test_real_slices_lie_on_the_template_and_need_no_warning(shared_data):
    paths = sorted((shared_data / "soop" / "infarct_free").glob("*_FLAIR.png"))[::20]
    for path in paths:
        prepared = prepare_slice(np.asarray(Image.open(path), dtype=np.float32), MNI_18_LEVEL)
        assert prepared.warnings == (), path.name
