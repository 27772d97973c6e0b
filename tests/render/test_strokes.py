"""Pixels of a cropped picture are the voxels that it shows."""

import numpy as np
import pytest

from pages.ui.viewer.strokes import Stroke
from tests.support.heads import SLAB, head
from uad_core.preprocess import PreprocessConfig, prepare
from uad_core.render.slices import crop_box
from uad_core.render.strokes import painted_voxels
from uad_core.render.views import slice_voxel


@pytest.fixture(scope="module")
def prepared():
    return prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=SLAB))


def test_a_painted_pixel_is_the_voxel_that_a_click_on_it_names(prepared):
    for column, row in ((0, 0), (40, 70), (99, 3)):
        level, h, w = slice_voxel(prepared, 3, column, row)
        (place,) = painted_voxels(prepared, 3, [(column, row)])
        assert np.unravel_index(place, (155, 256, 256)) == (SLAB.first + level, h, w)


def test_pixels_beyond_the_picture_are_left_out(prepared):
    rows, columns = crop_box(prepared.brain_mask)
    beyond = [(-1, 5), (5, -1), (columns.stop - columns.start, 5), (5, rows.stop - rows.start), (10**9, 10**9)]
    assert painted_voxels(prepared, 3, beyond).size == 0
    assert painted_voxels(prepared, 99, [(5, 5)]).size == 0
    assert painted_voxels(prepared, 0, []).size == 0


@pytest.mark.parametrize(
    "sent",
    [None, [], {}, {"number": 1, "tool": "burn", "level": 1, "pixels": []}, "x",
     {"number": "x", "tool": "paint", "level": 1, "pixels": []},
     {"number": 1, "tool": "paint", "level": 1, "pixels": 5},
     {"number": 1, "tool": "paint", "level": float("inf"), "pixels": [[1, 2]]},
     {"number": 1, "tool": "paint", "level": 1, "pixels": [[1]]}],
)  # fmt: skip
def test_what_is_no_stroke_is_none(sent):
    assert Stroke.read(sent) is None


def test_a_stroke_is_read_as_it_was_sent():
    sent = {"number": 7, "tool": "erase", "level": 80, "pixels": [[1, 2], [3, 4]]}
    assert Stroke.read(sent) == Stroke(7, "erase", 80, ((1, 2), (3, 4)))
