"""Boxes and overlaps of masks, counted by hand."""

import numpy as np
import pytest
from scipy import ndimage

from uad_core.atlas.masks import bounding_box, overlap


def test_a_box_holds_the_mask_and_a_margin_within_the_array():
    mask = np.zeros((10, 20, 30), bool)
    mask[1, 5:8, 29] = True
    assert bounding_box(mask) == (slice(1, 2), slice(5, 8), slice(29, 30)) == ndimage.find_objects(mask.astype(int))[0]
    assert bounding_box(mask, 3) == (slice(0, 5), slice(2, 11), slice(26, 30))
    assert bounding_box(mask, (0, 1, 2)) == (slice(1, 2), slice(4, 9), slice(27, 30))
    assert bounding_box(mask[1]) == (slice(5, 8), slice(29, 30))


def test_the_box_of_an_empty_mask_is_the_whole_array():
    assert bounding_box(np.zeros((2, 3), bool), 1) == (slice(0, 2), slice(0, 3))


@pytest.mark.parametrize(
    ("first", "second", "expected"), [("1100", "0110", 0.5), ("1000", "1000", 1), ("0000", "0000", 0)]
)
def test_overlap_is_dice(first, second, expected):
    assert overlap(*(np.array(list(bits)) == "1" for bits in (first, second))) == expected
