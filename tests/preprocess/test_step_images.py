"""Before and after each step: the grids, the places on them, and levels cut from a whole brain."""

import io
from dataclasses import replace

import numpy as np
import pytest
from nibabel.affines import apply_affine
from PIL import Image

from uad_core.atlas.space import PAPER_SLAB, Slab
from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.pipeline.look import weights
from uad_core.preprocess import PreprocessConfig, as_it_came, before_after, crop_levels, prepare
from uad_core.preprocess.step_images import StepView
from uad_core.render.planes import PLANES
from uad_core.render.preprocessing import FIRST_PLACE, moved_to_pixel, moved_to_slice, nearest_voxel, stage_picture

SHOWN = PreprocessConfig(strip=False, register=False)


@pytest.fixture(scope="module")
def scan():
    """The template with noise: what is taken away by denoising can be seen."""
    flair = template().flair
    noise = np.random.default_rng(0).normal(0, 4, flair.shape).astype(np.float32)
    return replace(flair, array=np.where(template().brain_mask, np.maximum(flair.array + noise, 1), 0))


@pytest.fixture(scope="module")
def wide(scan):
    return prepare(scan, replace(SHOWN, slab=Slab(60, 40)))


@pytest.fixture(scope="module")
def shown(wide):
    return {stage.name: stage for stage in before_after(wide)}


def test_levels_cut_from_more_are_the_same_to_the_last_bit_as_levels_prepared_alone(scan, wide):
    part, alone = crop_levels(wide, PAPER_SLAB), prepare(scan, SHOWN)
    np.testing.assert_array_equal(part.array, alone.array)
    np.testing.assert_array_equal(part.brain_mask, alone.brain_mask)
    assert part.config == alone.config
    assert [(step.name, step.sentence) for step in part.steps] == [(step.name, step.sentence) for step in alone.steps]
    assert part.warnings == alone.warnings


def test_the_mask_to_look_within_is_cut_with_the_levels(wide):
    within = np.zeros(wide.array.shape, bool)
    within[10:12, 100:150, 100:150] = True
    part = crop_levels(replace(wide, look_mask=within), PAPER_SLAB)
    np.testing.assert_array_equal(part.look_mask, within[10:30])
    np.testing.assert_array_equal(weights("own-mask", part) > 0, within[10:30])


@pytest.mark.parametrize(("gain", "offset"), [(1, -500), (0.02, -1.5)])
def test_an_offset_of_the_grey_values_changes_no_picture(scan, wide, shown, gain, offset):
    moved = replace(scan, array=(scan.array * gain + offset).astype(np.float32))
    other = {stage.name: stage for stage in before_after(prepare(moved, wide.config))}
    for name, stage in shown.items():
        for view, same in zip(stage.views, other[name].views, strict=True):
            off = np.abs(view.array.astype(int) - same.array)
            assert np.mean(off > 2) < 0.001, (name, view.title)
    first, same = as_it_came(scan, FIRST_PLACE), as_it_came(moved, FIRST_PLACE)
    assert np.abs(first.array.astype(int) - same.array).max() <= 2


def test_what_was_said_about_missing_levels_is_said_anew_for_the_levels_that_are_cut():
    upper = Volume.from_canonical(template().flair.array[65:], template().flair.affine @ _up(65))
    loose = replace(
        SHOWN, possible_brain_ml=(1, 9999), usual_brain_ml=(1, 9999), least_overlap_as_given=0, most_brain_at_end=1
    )
    whole = prepare(upper, replace(loose, slab=Slab(40, 60)))
    assert any("does not reach 25 of the 60 axial levels" in text for text in whole.warnings)
    assert crop_levels(whole, Slab(70, 20)).warnings == ()
    assert any("does not reach 5 of the 20" in text for text in crop_levels(whole, Slab(60, 20)).warnings)
    with pytest.raises(ScanError, match="does not reach"):
        crop_levels(whole, Slab(40, 20))


def test_levels_that_were_not_prepared_cannot_be_cut(wide):
    with pytest.raises(ValueError, match="lie within"):
        crop_levels(wide, Slab(50, 20))


def test_every_step_has_a_before_and_an_after_of_whole_grey_pictures(shown):
    assert list(shown) == ["Skull", "Registration", "Shading", "Denoising", "Normalisation"]
    for stage in shown.values():
        assert len(stage.views) >= 2
        for view in stage.views:
            assert view.array.dtype == np.uint8
            assert view.outline is None or view.outline.shape == view.array.shape


def test_the_brain_mask_is_drawn_on_the_scans_own_grid_and_the_templates_in_the_atlas(scan, wide, shown):
    outlined = shown["Skull"].views[1]
    assert outlined.outline.sum() == wide.to_scan(wide.brain_mask, 0).sum()
    assert outlined.array.shape[0] == scan.shape[0]
    assert outlined.array.shape[1] < scan.shape[1]  # air is left out
    atlas = shown["Registration"].views[1]
    for level in (0, 20, 39):
        assert atlas.outline[level].sum() == template().brain_mask[60 + level].sum()


def test_denoising_takes_away_the_difference_of_before_and_after_and_normalisation_keeps_the_picture(wide, shown):
    before, after, taken = (view.array.astype(float) for view in shown["Denoising"].views)
    unclipped = (taken < 255) & (before < 255)
    np.testing.assert_allclose(taken[unclipped], 10 * np.abs(before - after)[unclipped], atol=21)  # steps of 1 / 255
    assert taken.max() > 0
    view = shown["Normalisation"].views[1]
    _, top, left, _ = (wide.slab.to_world.inverse @ view.to_atlas).matrix[:, 3].round().astype(int)
    _, height, width = view.array.shape
    expected = (wide.array[:, top : top + height, left : left + width] * 255).astype(np.uint8)
    np.testing.assert_array_equal(view.array, expected)
    assert expected.any()


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("name", ["Skull", "Registration"])
def test_a_click_on_the_cross_stays_where_it_is_on_any_grid(shown, name, plane):
    for view in shown[name].views:
        column, row = stage_picture(view, plane, FIRST_PLACE).cross
        voxel = nearest_voxel(view, FIRST_PLACE)
        there = moved_to_pixel(view, plane, FIRST_PLACE, round(column), round(row))
        assert nearest_voxel(view, there) == voxel


def test_grids_of_other_size_and_place_show_the_same_spot_of_the_body():
    to_atlas = np.array([[0, 0, -0.5, -60], [0, -0.5, 0, 200], [4, 0, 0, 10], [0, 0, 0, 1.0]])
    array = np.zeros((30, 200, 180), np.uint8)
    view = StepView("", array, (4.0, 0.5, 0.5), AffineTransform(to_atlas))
    spot = tuple(apply_affine(to_atlas, (11, 120, 70)))
    array[11, 120, 70] = 255
    assert nearest_voxel(view, spot) == (11, 120, 70)
    axial, coronal = (stage_picture(view, plane, spot) for plane in ("axial", "coronal"))
    assert axial.cross == (70, 120)
    assert Image.open(io.BytesIO(axial.picture)).size == (180, 200)
    picture = np.array(Image.open(io.BytesIO(coronal.picture)))
    assert picture.shape == (30 * 8, 180)  # 4 mm slices are as many times as high
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert (column, row) == (70, pytest.approx(coronal.cross[1], abs=0.5))  # slice 11 from below is 18 from above
    assert coronal.cross[1] == pytest.approx((18 + 0.5) * 8 - 0.5)
    moved = moved_to_pixel(view, "coronal", spot, 20, 3)
    assert nearest_voxel(view, moved) == (29, 120, 20)
    assert nearest_voxel(view, moved_to_slice(view, "sagittal", spot, 5)) == (11, 120, 5)


def test_a_place_beyond_a_view_shows_its_nearest_slice(shown):
    view = shown["Normalisation"].views[1]
    assert nearest_voxel(view, (0.0, 0.0, 9999.0))[0] == view.array.shape[0] - 1


def test_a_scan_that_is_turned_keeps_its_own_grid_before_registration(scan):
    turned = AffineTransform(np.array([[1, 0, 0, 40], [0, 1, 0, -25], [0, 0, 1, 7], [0, 0, 0, 1.0]]))
    moved = Volume.from_canonical(scan.array, turned.matrix @ scan.affine)
    prepared = prepare(scan, replace(SHOWN, slab=Slab(80, 3)))
    far = replace(prepared, scan=moved, transform=turned)
    before, after = next(stage for stage in before_after(far) if stage.name == "Registration").views
    spot = (-100.0, 120.0, 81.0)
    assert before.array[nearest_voxel(before, spot)] == pytest.approx(after.array[nearest_voxel(after, spot)], abs=1)


def _up(levels):
    shift = np.eye(4)
    shift[0, 3] = levels
    return shift
