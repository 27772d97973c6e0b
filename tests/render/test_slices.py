"""Pictures as numbers: which side is marked what, and what colour stands where."""

import io

import numpy as np
from PIL import Image

from uad_core.render.colours import MASK_COLOUR, TRUTH_COLOUR
from uad_core.render.slices import SCALE, crop_box, marked_png


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_the_grey_window_maps_low_to_black_and_high_to_white_and_clips():
    picture = np.full((40, 60), 0.1)
    picture[:20], picture[20:30] = 2.0, 0.5
    shown = pixels(marked_png(picture, (0.1, 0.9)))
    assert shown.shape == (40 * SCALE, 60 * SCALE, 3)
    assert shown[2, 60].tolist() == [255] * 3
    assert abs(int(shown[50, 60, 0]) - 127) <= 1
    assert shown[-3, 60].tolist() == [0] * 3


def test_r_stands_on_the_left_of_the_picture_and_l_on_the_right():
    shown = pixels(marked_png(np.zeros((100, 100))))[..., 0] > 128
    columns = np.flatnonzero(shown.any(axis=0))
    left, right = shown[:, : SCALE * 50], shown[:, SCALE * 50 :]
    assert columns[0] < 20
    assert columns[-1] > 100 * SCALE - 20
    assert left.sum() > 1.2 * right.sum(), "R has more ink than L"


def test_the_mask_is_filled_and_the_truth_is_an_outline():
    mask, truth = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    mask[5:15, 5:15], truth[20:30, 20:30] = True, True
    shown = pixels(marked_png(np.zeros((40, 40)), mask=mask, truth=truth, opacity=1.0))
    assert shown[10 * SCALE, 10 * SCALE].tolist() == list(MASK_COLOUR)
    assert shown[20 * SCALE, 25 * SCALE].tolist() == list(TRUTH_COLOUR)
    assert shown[25 * SCALE, 25 * SCALE].tolist() == [0, 0, 0]


def test_the_crop_holds_the_brain_of_all_levels():
    brain = np.zeros((3, 256, 256), bool)
    brain[0, 50, 60], brain[2, 200, 190] = True, True
    rows, columns = crop_box(brain, margin=6)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (44, 207, 54, 197)
    assert crop_box(np.zeros((1, 256, 256), bool)) == (slice(0, 256), slice(0, 256))
