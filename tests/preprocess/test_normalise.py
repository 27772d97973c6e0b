"""Denoising and the grey-value scale, against figures worked out by hand."""

import numpy as np
import pytest
import SimpleITK as sitk

from uad_core.io.volume import ScanError
from uad_core.preprocess.normalise import denoise, normalise, tissue_level


def test_the_tissue_level_leaves_fluid_out():
    # median of all nine is 80; above 0.6 * 80 = 48 lie 70, 80, 90, 100, 110, 120: their median is 95
    values = np.array([10, 20, 40, 70, 80, 90, 100, 110, 120], dtype=np.float32).reshape(1, 3, 3)
    assert tissue_level(values, np.ones((1, 3, 3), bool)) == 95


def test_more_fluid_moves_the_median_and_not_the_tissue_level():
    rng = np.random.default_rng(0)
    tissue, fluid = rng.normal(100, 8, 6000), rng.normal(15, 5, 3000)
    young = np.concatenate([tissue, fluid[:300]])[None, None]
    old = np.concatenate([tissue, fluid])[None, None]
    levels = [tissue_level(values, np.ones(values.shape, bool)) for values in (young, old)]
    assert abs(levels[1] / levels[0] - 1) < 0.005
    assert np.median(old) / np.median(young) < 0.96


def test_a_lesion_of_a_tenth_of_the_brain_moves_the_scale_by_two_per_cent_at_most():
    values = np.random.default_rng(1).normal(100, 10, 10_000)
    lesioned = values.copy()
    lesioned[:1000] *= 1.8
    everywhere = np.ones((1, 1, 10_000), bool)
    before, after = (tissue_level(v[None, None], everywhere) for v in (values, lesioned))
    assert 1 <= after / before < 1.02


def test_normalising_is_linear_clipped_and_black_outside_the_brain():
    values = np.array([-5, 0, 50, 100, 150, 200, 300, 100], dtype=np.float32).reshape(2, 2, 2)
    mask = np.ones((2, 2, 2), bool)
    mask[1, 1, 1] = False
    expected = np.array([0, 0, 0.25, 0.5, 0.75, 1, 1, 0], dtype=np.float32).reshape(2, 2, 2)
    result = normalise(values, mask, level=100.0)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == np.float32


@pytest.mark.parametrize("mask", [np.ones((2, 2, 2), bool), np.zeros((2, 2, 2), bool)])
def test_a_black_or_absent_brain_has_no_level(mask):
    with pytest.raises(ScanError) as error:
        tissue_level(np.zeros((2, 2, 2), np.float32), mask)
    assert error.value.code == "normalise_failed"


def test_denoising_takes_the_noise_and_keeps_the_edges():
    rng = np.random.default_rng(2)
    clean = np.full((12, 40, 40), 0.5, np.float32)
    clean[:, 10:30, 10:30] = 0.8
    noisy = clean + rng.normal(0, 0.05, clean.shape).astype(np.float32)
    smooth = denoise(noisy, 5)
    assert smooth.dtype == np.float32
    flat = (slice(2, -2), slice(13, 27), slice(13, 27))
    assert smooth[flat].std() < 0.3 * noisy[flat].std()
    assert abs(smooth[:, 12:28, 11].mean() - smooth[:, 12:28, 8].mean() - 0.3) < 0.01  # either side of the edge


def test_denoising_stays_stable_over_many_iterations():
    noisy = np.random.default_rng(3).random((8, 24, 24)).astype(np.float32)
    smooth = denoise(noisy, 100)
    assert noisy.min() <= smooth.min()
    assert smooth.max() <= noisy.max()


def test_no_iterations_change_nothing_and_a_single_slice_is_smoothed_in_plane():
    noisy = np.random.default_rng(4).random((1, 32, 32)).astype(np.float32)
    assert denoise(noisy, 0) is noisy
    assert denoise(noisy, 5).shape == (1, 32, 32)
    assert denoise(noisy, 5).std() < 0.7 * noisy.std()


def test_denoising_leaves_out_only_what_it_would_not_touch() -> None:
    array = np.zeros((24, 40, 40), np.float32)
    array[3:12, 20:40, 9:30] = np.random.default_rng(0).normal(100, 20, (9, 20, 21))
    whole = sitk.GetArrayFromImage(sitk.CurvatureFlow(sitk.GetImageFromArray(array), 0.125, 5))
    assert np.array_equal(denoise(array, 5), whole.astype(np.float32))
    assert np.array_equal(denoise(np.zeros_like(array), 5), np.zeros_like(array))
