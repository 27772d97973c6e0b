"""What the viewer gets: pixels of known voxels, and the way back from a pixel to its voxel."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from tests.support.heads import Zeros, checkpoint_of
from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess import Prepared, PreprocessConfig
from uad_core.render.colours import MASK_COLOUR, TRUTH_COLOUR, VEIL, rgb, vote_colour
from uad_core.render.overlays import FINE, grey_png, overlay_png, stack, votes_png
from uad_core.render.planes import PLANES, cut
from uad_core.render.slices import SCALE
from uad_core.render.views import Overlay, plane_views, plane_voxel, seen_in, slice_views, slice_voxel

DEPTH = 12
PLAIN = PostprocessConfig(median_size=1, min_lesion_mm3=0)


def pixels(png: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(png))
    return np.asarray(image.convert("RGBA") if image.mode == "P" else image)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """A slab whose brain is a box, dark but for what a test lights up."""
    slab = Slab(70, DEPTH)
    brain = np.zeros(slab.shape, bool)
    brain[:, 40:200, 60:190] = True
    array = np.where(brain, np.float32(0.2), np.float32(0))
    scan = Volume.from_canonical(array, slab.affine)
    return Prepared(scan, array, brain, AffineTransform.identity(), PreprocessConfig(slab=slab))


def test_crown_lies_on_top_and_the_right_or_front_of_the_patient_on_the_left():
    array = np.zeros((3, 4, 5))
    array[2, 0, 1] = 1.0  # crown, front, near the patient's right
    assert np.argwhere(cut(array, "axial", 2)).tolist() == [[0, 1]]
    assert np.argwhere(cut(array, "coronal", 0)).tolist() == [[0, 1]]
    assert np.argwhere(cut(array, "sagittal", 1)).tolist() == [[0, 0]]


def test_grey_is_8_bit_and_thick_slices_are_shown_in_their_true_height():
    shown = pixels(grey_png(np.full((10, 30), 0.5), pixel_mm=(3.0, 1.0)))
    assert shown.shape == (30, 30)
    assert shown.dtype == np.uint8
    assert np.all(shown == 127)


def test_an_overlay_is_transparent_but_for_the_mask_and_the_outline_of_the_truth():
    mask, truth = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    mask[1:3, 1:3], truth[5:9, 5:9] = True, True
    shown = pixels(overlay_png(mask, truth, opacity=0.4))
    assert shown.shape == (10 * FINE, 10 * FINE, 4)
    assert shown[2 * FINE, 2 * FINE].tolist() == [*MASK_COLOUR, 102]
    assert shown[5 * FINE, 7 * FINE].tolist() == [*TRUTH_COLOUR, 255]
    assert shown[7 * FINE, 7 * FINE, 3] == 0, "inside an outline the scan is seen"
    assert shown[0, 0, 3] == 0


def test_votes_are_coloured_by_their_number_and_no_vote_is_transparent():
    shown = pixels(votes_png(np.array([[0, 1, 3]]), 3))
    assert shown[0, :, 3].tolist() == [0, 255, 255]
    assert shown[0, 1, :3].tolist() == list(vote_colour(1, 3))
    assert vote_colour(3, 3) == (68, 1, 84)


@settings(deadline=None)
@given(some.tuples(some.integers(0, DEPTH - 1), some.integers(40, 199), some.integers(60, 189)))
def test_the_cross_marks_the_voxel_and_a_click_on_it_comes_back_to_the_voxel(prepared, voxel):
    mask = np.zeros(prepared.array.shape, bool)
    mask[voxel] = True
    for number, (view, plane) in enumerate(zip(plane_views(prepared, mask, voxel), PLANES, strict=True)):
        column, row = view.cross
        lit = np.argwhere(pixels(view.mask)[::FINE, ::FINE, 3] > 0)
        assert lit.tolist() == [[row, column]], plane
        assert plane_voxel(prepared, voxel, number, column, row) == voxel
        if plane == "axial":
            assert slice_voxel(prepared, voxel[0], column, row) == voxel


def test_levels_that_were_not_searched_are_dark_and_the_mask_lies_where_it_was_found(prepared):
    slab = Slab(prepared.slab.first + 1, 2)
    part = np.zeros((2, *prepared.array.shape[1:]), bool)
    part[1, 100, 120] = True
    mask, searched = seen_in(prepared, part, slab)
    assert np.argwhere(mask).tolist() == [[2, 100, 120]]
    axial, coronal, _ = (
        pixels(view.mask)[::FINE, ::FINE] for view in plane_views(prepared, mask, (2, 100, 120), searched=searched)
    )
    assert np.count_nonzero(axial[..., 3]) == 1, "this level was searched"
    dark = (coronal == VEIL).all(axis=2).all(axis=1)
    assert dark[::-1].tolist() == [level not in (1, 2) for level in range(DEPTH)]


def test_a_click_beyond_the_picture_stays_in_the_volume(prepared):
    assert plane_voxel(prepared, (3, 50, 70), 1, 9999, 9999)[0] == 0
    assert all(
        0 <= at < n for at, n in zip(plane_voxel(prepared, (3, 50, 70), 2, 9999, -5), (DEPTH, 256, 256), strict=True)
    )


def test_a_colour_of_the_palette_is_three_numbers():
    assert rgb("#D55E00") == (213, 94, 0)


def test_of_two_overlays_the_last_lies_on_top():
    left, both = np.zeros((2, 2), bool), np.zeros((2, 2), bool)
    left[:, 0], both[:] = True, True
    red, blue = (
        overlay_png(mask, opacity=1.0, colour=colour) for mask, colour in ((both, (255, 0, 0)), (left, (0, 0, 255)))
    )
    shown = pixels(stack(red, blue))[FINE // 2]
    assert shown[0].tolist() == [0, 0, 255, 255]
    assert shown[-1].tolist() == [255, 0, 0, 255]


@pytest.fixture(scope="module")
def detection(prepared):
    """A model of zeros, so that the scan itself is the residual, and one bright voxel."""
    array = prepared.array.copy()
    array[3, 100, 120] = 0.8
    reconstruction = reconstruct(replace(prepared, array=array), checkpoint_of(Zeros()))
    return reconstruction, segment(reconstruction, DetectConfig(threshold=0.5, postprocess=PLAIN))


def test_a_slice_is_shown_as_scan_reconstruction_residual_and_mask(detection):
    reconstruction, segmentation = detection
    truth = np.zeros(segmentation.mask.shape, bool)
    truth[3, 50:60, 70:80] = True
    views = slice_views(reconstruction, 3, Overlay(segmentation.mask, truth, 0.4), PLAIN)
    row, column = 100 - (40 - 6), 120 - (60 - 6)  # the brain begins at (40, 60), and the picture 6 pixels before it
    assert pixels(views.scan)[row, column] == 204  # 0.8 of 255
    assert pixels(views.reconstruction).max() == 0
    residual = pixels(views.residual)
    assert np.unravel_index(residual.argmax(), residual.shape) == (row, column)
    assert pixels(views.mask)[FINE * row, FINE * column].tolist() == [*MASK_COLOUR, 102]
    assert pixels(views.mask)[FINE * (50 - 34), FINE * (75 - 54)].tolist() == [*TRUTH_COLOUR, 255]


def test_without_a_setting_there_is_no_residual_and_the_rest_is_the_same(detection):
    reconstruction, segmentation = detection
    overlay = Overlay(segmentation.mask)
    views, quick = (slice_views(reconstruction, 3, overlay, config) for config in (PLAIN, None))
    assert quick == views._replace(residual=b"")
    assert pixels(slice_views(reconstruction, 3, Overlay()).mask).max() == 0


def test_a_marked_slice_is_enlarged_and_has_the_mask_in_it(detection):
    reconstruction, segmentation = detection
    views = slice_views(reconstruction, 3, Overlay(segmentation.mask, None, 1.0), PLAIN, marked=True)
    shown = pixels(views.mask)
    assert shown.shape == (SCALE * 172, SCALE * 142, 3)  # 160 x 130 pixels of brain, 6 around them
    assert pixels(views.residual).shape == shown.shape[:2]
    red = shown[SCALE * 66 : SCALE * 67, SCALE * 66 : SCALE * 67].reshape(-1, 3).astype(int)
    assert (red[:, 0] > red[:, 2] + 60).all()
