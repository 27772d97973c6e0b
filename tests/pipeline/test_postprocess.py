"""The fast chain against the plain one of scipy, voxel for voxel."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from uad_core.pipeline.median import filtered, residual_counts, survival
from uad_core.pipeline.postprocess import MEDIAN_SIZES, PostprocessConfig, erode, mask_above, residual, segment_residual


def plain_chain(values, brain_mask, threshold, config):
    """Median, mask, threshold, components as the paper words them, with nothing but scipy."""
    reach = int(config.erosion_mm + 1e-9)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (y**2 + x**2 <= config.erosion_mm**2 + 1e-9)[None]
    inside = ndimage.binary_erosion(brain_mask, disc) if reach else brain_mask
    filtered = ndimage.median_filter(values, config.median_size, mode="reflect") * inside
    above = filtered > np.float32(threshold)
    labels, count = ndimage.label(above, np.ones((3, 3, 3)))
    volumes = ndimage.sum_labels(above, labels, np.arange(count + 1))
    volumes[0] = 0
    return (volumes >= config.min_lesion_mm3 - 1e-6)[labels] & above


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    # cc3d cannot run-length encode volumes that are one voxel thin along two axes; a slice never is
    shape=st.tuples(st.integers(1, 9), st.integers(4, 24), st.integers(4, 24)),
    size=st.sampled_from(MEDIAN_SIZES),
    quantile=st.floats(0, 1),
    smooth=st.sampled_from([0.0, 1.0]),
    erosion_mm=st.sampled_from([0.0, 1.0, 2.0, 3.5]),
    min_lesion_mm3=st.sampled_from([0.0, 1.0, 6.0, 20.0]),
)
def test_segment_equals_the_plain_chain_of_scipy(seed, shape, size, quantile, smooth, erosion_mm, min_lesion_mm3):
    rng = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(rng.random(shape), smooth).astype(np.float32)
    brain_mask = ndimage.gaussian_filter(rng.random(shape), 1) > 0.45
    threshold = float(np.quantile(values, quantile))  # often a value of the array itself, where > and >= differ
    config = PostprocessConfig(median_size=size, erosion_mm=erosion_mm, min_lesion_mm3=min_lesion_mm3)
    expected = plain_chain(values, brain_mask, threshold, config)
    np.testing.assert_array_equal(segment_residual(values, brain_mask, threshold, config), expected)


@pytest.mark.parametrize("size", MEDIAN_SIZES)
def test_segment_equals_the_plain_chain_on_a_slab_of_the_papers_size(size):
    rng = np.random.default_rng(size)
    values = ndimage.gaussian_filter(rng.random((20, 96, 96)), 0.8).astype(np.float32)
    rows, columns = np.mgrid[:96, :96]
    brain_mask = np.broadcast_to((rows - 48) ** 2 / 40**2 + (columns - 48) ** 2 / 30**2 < 1, values.shape)
    config = PostprocessConfig(median_size=size)
    threshold = float(np.quantile(ndimage.median_filter(values, size)[brain_mask], 0.97))
    found = segment_residual(values, brain_mask, threshold, config)
    assert found.any()
    np.testing.assert_array_equal(found, plain_chain(values, brain_mask, threshold, config))


def test_residual_is_absolute_or_only_what_is_too_bright():
    scan, model = np.array([[[0.8, 0.2]]]), np.array([[[0.3, 0.6]]])
    np.testing.assert_allclose(residual(scan, model, "absolute"), [[[0.5, 0.4]]], atol=1e-7)
    np.testing.assert_allclose(residual(scan, model, "positive"), [[[0.5, 0.0]]], atol=1e-7)


def test_erosion_takes_two_millimetres_off_a_disc_and_leaves_other_slices_alone():
    rows, columns = np.mgrid[:41, :41]
    distance = np.hypot(rows - 20, columns - 20)
    mask = np.stack([distance <= 15, np.ones((41, 41), bool)])
    eroded = erode(mask, 2.0)
    from_outside = ndimage.distance_transform_edt(mask[0])
    np.testing.assert_array_equal(eroded[0], from_outside > 2.0)
    assert eroded[1].sum() == 37 * 37  # the picture's edge counts as outside


def test_components_below_six_voxels_go_and_corners_connect():
    values = np.zeros((4, 12, 12), np.float32)
    values[0, 9, 1:6] = 1  # five voxels
    diagonal = np.arange(4)
    values[diagonal, diagonal + 2, diagonal + 8] = 1  # four voxels, joined by their corners
    values[0, 2, 9:11] = 1  # two more beside the first of them
    mask = segment_residual(values, np.ones(values.shape, bool), 0.5, PostprocessConfig(median_size=1, erosion_mm=0))
    assert mask.sum() == 6
    assert not mask[0, 9, 1:6].any()


def test_a_higher_threshold_gives_a_subset():
    rng = np.random.default_rng(5)
    values = ndimage.gaussian_filter(rng.random((6, 40, 40)), 1).astype(np.float32)
    brain = np.ones(values.shape, bool)
    config = PostprocessConfig(median_size=3, min_lesion_mm3=0)
    masks = [segment_residual(values, brain, t, config) for t in np.quantile(values, [0.5, 0.7, 0.9])]
    assert all((low | high == low).all() for low, high in pairwise(masks))


@pytest.mark.parametrize("size", MEDIAN_SIZES)
def test_the_mask_of_a_filtered_residual_is_the_one_that_segment_gives(size):
    values = ndimage.gaussian_filter(np.random.default_rng(size).random((9, 40, 40), np.float32), 1)
    brain = np.zeros(values.shape, bool)
    brain[:, 3:35, 5:38] = True
    config = PostprocessConfig(median_size=size)
    inside = erode(brain, config.erosion_mm)
    medians = filtered(values, inside, size)
    threshold = float(np.quantile(medians[inside], 0.9))
    mask = mask_above(medians, inside, threshold, config.min_lesion_mm3)
    assert mask.any()
    np.testing.assert_array_equal(mask, segment_residual(values, brain, threshold, config))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_residual_or_threshold_that_is_no_number_never_gives_an_empty_mask(bad):
    values, brain = np.zeros((2, 8, 8), np.float32), np.ones((2, 8, 8), bool)
    with pytest.raises(ValueError, match="finite"):
        segment_residual(values, brain, bad, PostprocessConfig())
    values[0, 0, 0] = bad
    with pytest.raises(ValueError, match="finite"):
        segment_residual(values, brain, 0.1, PostprocessConfig())


@pytest.mark.parametrize("size", [0, 2, 4, 11, -1])
def test_even_or_odd_sized_windows_beyond_nine_are_refused(size):
    with pytest.raises(ValueError, match="median_size"):
        PostprocessConfig(median_size=size)


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("size", MEDIAN_SIZES)
def test_the_median_equals_scipys_in_a_volume_and_in_a_single_slice(size, depth):
    values = np.random.default_rng(2).random((depth, 30, 25), np.float32)
    inside = np.random.default_rng(3).random(values.shape) < 0.3
    inside[0, 0, 0] = inside[-1, -1, -1] = True
    expected = np.where(inside, ndimage.median_filter(values, size), 0)
    np.testing.assert_array_equal(filtered(values, inside, size), expected)


@pytest.mark.parametrize("bins", [50, 500])  # by thresholds, and by the medians themselves
@pytest.mark.parametrize("size", [1, 3, 5])
def test_survival_and_counts_equal_the_filtered_residuals_histogram(size, bins):
    rng = np.random.default_rng(size)
    values = (rng.random((7, 20, 22)) ** 2).astype(np.float32)
    inside = rng.random(values.shape) > 0.3
    medians = ndimage.median_filter(values, size)[inside]
    thresholds = np.linspace(0, 1, bins + 1)
    expected = [(medians > np.float32(t)).sum() for t in thresholds]
    np.testing.assert_array_equal(survival(values, inside, thresholds.tolist(), size), expected)
    counts = residual_counts(values, inside, size, thresholds)
    assert counts.sum() == inside.sum()
    np.testing.assert_array_equal(counts[1:-1], -np.diff(expected)[1:-1])
