"""What is written on the blackboard, and what is drawn."""

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.small_scans import Flat, checkpoint_of, prepared_of, reconstruction_of
from uad_core.pipeline.postprocess import SIGNS, PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.render.colours import MASK_COLOUR, OLD_COLOUR, TRUTH_COLOUR
from uad_core.render.overlays import FINE
from uad_core.render.views import slice_voxel
from uad_core.teaching import (
    PaintedLesion,
    arithmetic,
    close_up_voxel,
    explain,
    found_view,
    montage,
    painted_view,
    sweep,
    voxel_pixel,
)

NUMBER = r"\(?(-?[\d.]+)\)?"
SHOWN = re.compile(rf"(\\max\(|\|\\,){NUMBER} - {NUMBER}.* (=|\\approx) ([\d.]+) (>|\\leq) ([\d.]+)$")


def written(scan, drawn, threshold, signed="absolute"):
    config = DetectConfig(threshold=threshold, postprocess=PostprocessConfig(signed, 1))
    return arithmetic(explain(reconstruction_of([[[scan]]], [[[drawn]]]), config, (0, 0, 0)))


def test_the_issues_own_example():
    assert written(0.82, 0.31, 0.35) == r"|\,0.82 - 0.31\,| = 0.51 > 0.35"
    assert written(0.31, 0.82, 0.6) == r"|\,0.31 - 0.82\,| = 0.51 \leq 0.60"
    assert written(0.31, 0.82, 0.6, "positive") == r"\max(0.31 - 0.82,\ 0) = 0.00 \leq 0.60"
    assert written(0.5, -0.25, 0.1) == r"|\,0.50 - (-0.25)\,| = 0.75 > 0.10"


def test_more_decimals_are_shown_where_two_would_not_add_up():
    assert written(0.816, 0.314, 0.35) == r"|\,0.816 - 0.314\,| = 0.502 > 0.350"


@given(
    scan=st.floats(0, 1, width=32),
    drawn=st.floats(-0.25, 1.25, width=32),
    threshold=st.floats(0, 1),
    signed=st.sampled_from(SIGNS),
)
@settings(max_examples=300, deadline=None)
def test_the_numbers_written_are_right_among_themselves(scan, drawn, threshold, signed):
    kind, a, b, equals, c, relation, t = SHOWN.match(written(scan, drawn, threshold, signed)).groups()
    difference = float(a) - float(b)
    expected = abs(difference) if kind.startswith("|") else max(difference, 0)
    if equals == "=":
        assert float(c) == pytest.approx(expected, abs=1e-9)
        assert (float(c) > float(t)) == (relation == ">")
    else:
        assert float(c) == pytest.approx(expected, abs=2e-6)


def small_brain():
    brain = np.zeros((5, 80, 90), bool)
    brain[:, 10:30, 8:32] = True
    return prepared_of(np.where(brain, 0.5, 0), brain)


def pixels(png):
    image = Image.open(io.BytesIO(png))
    return np.asarray(image.convert("RGBA") if image.mode == "P" else image)


def test_a_voxels_pixel_leads_back_to_the_voxel():
    prepared = small_brain()
    assert slice_voxel(prepared, 3, *voxel_pixel(prepared, (3, 12, 20))) == (3, 12, 20)


def test_the_painted_picture_shows_the_grey_and_outlines_the_truth():
    prepared, lesion = small_brain(), PaintedLesion((2, 20, 20), 3, 0)
    picture, outline, near = painted_view(prepared, lesion, 0.8, 2)
    column, row = voxel_pixel(prepared, (2, 20, 20))
    assert pixels(picture)[row, column] == 204  # 0.8 of 255
    assert pixels(picture)[row, column + 4] == 127  # 0.5 of 255, rounded down
    marked = pixels(outline)
    assert marked[FINE * row + 1, FINE * column + 1, 3] == 0
    rim = marked[FINE * row + 1, FINE * (column + 3) + FINE - 1]
    assert tuple(rim) == (*TRUTH_COLOUR, 255)
    column, row = (at - low for at, low in zip((20, 20), close_up_voxel(prepared, lesion, 2, 0, 0)[:0:-1], strict=True))
    assert close_up_voxel(prepared, lesion, 2, column, row) == (2, 20, 20)
    assert pixels(near)[row, column] == 204
    assert pixels(near).shape == (64, 64)


def test_new_and_old_findings_have_colours_of_their_own():
    array = np.array(small_brain().array)
    array[:, 10:30, 8:12] = 0.9  # flagged already
    prepared, lesion = prepared_of(array, small_brain().brain_mask), PaintedLesion((2, 20, 20), 3, 0)
    config = DetectConfig(threshold=0.2, postprocess=PostprocessConfig("absolute", 1, erosion_mm=0))
    found = sweep(reconstruct(prepared, checkpoint_of(Flat())), lesion, (0.5, 0.9), config)
    healthy, found_at = (pixels(found_view(prepared, lesion, found, number, 2)) for number in (0, 1))
    _, top, left = close_up_voxel(prepared, lesion, 2, 0, 0)
    middle, old = ((FINE * (20 - top) + 1, FINE * (column - left) + 1) for column in (20, 9))
    assert healthy[middle][3] == 0
    assert tuple(found_at[middle][:3]) == MASK_COLOUR
    assert tuple(healthy[old][:3]) == tuple(found_at[old][:3]) == OLD_COLOUR


def test_drawn_slices_stand_in_rows_cropped_to_the_atlas_brain():
    sheet = pixels(montage(np.full((6, 256, 256), 0.45, np.float32), 3))
    height, width = sheet.shape[:2]
    assert width % 3 == 0
    assert height % 2 == 0
    assert 150 < height / 2 < 256
    assert 100 < width / 3 < 256
    assert (sheet == 127).all()  # half of the grey window, whose white is 0.9
