"""Intensities, lesions and scanner, on a phantom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, special

from tests.support.phantoms import SMALL, placed
from uad_core.cohorts.simulate.anatomy import Anatomy, soften
from uad_core.cohorts.simulate.contrast import FlairContrast
from uad_core.cohorts.simulate.deform import Deformation, Resampled, narrowed, resample
from uad_core.cohorts.simulate.lesions import PERIVENTRICULAR, LesionModel, SimulatedLesions, axes_at, grow_lesions
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.cohorts.simulate.scanner import Acquisition, Scanner, rician, slice_profile
from uad_core.cohorts.simulate.subject import SimulatedSubject, SimulationConfig, before_scanner, simulate_subject
from uad_core.cohorts.simulate.tissues import Tissue
from uad_core.cohorts.simulate.visibility import made_visible


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return placed(soften(phantom(1, SMALL), 0.55))


@pytest.fixture(scope="module")
def resampled(anatomy) -> Resampled:
    return resample(anatomy, Deformation.identity())


def unchanged(image: np.ndarray) -> np.ndarray:
    """A scanner that shows everything as it is."""
    return image


@pytest.fixture(scope="module")
def clean(resampled) -> tuple[np.ndarray, np.ndarray, SimulatedLesions]:
    """A clean image without and with lesions, of one seed, and the lesions."""
    config = replace(SimulationConfig(), lesions=replace(LesionModel(), count_log_sd=0.0, halo=0.0))
    healthy, _ = before_scanner(resampled, False, np.random.default_rng(5), config, unchanged)
    patient, lesions = before_scanner(resampled, True, np.random.default_rng(5), config, unchanged)
    return healthy, patient, lesions


@pytest.fixture(scope="module")
def patient(anatomy) -> SimulatedSubject:
    return simulate_subject(anatomy, True, np.random.default_rng(7), SimulationConfig())


def test_a_subject_is_the_same_to_the_bit_for_the_same_seed(anatomy, patient):
    again = simulate_subject(anatomy, True, np.random.default_rng(7), SimulationConfig())
    for name in ("flair", "brain_mask", "lesion_mask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(patient, name))


def test_a_subject_is_zero_outside_its_brain_and_nowhere_inside(patient):
    np.testing.assert_array_equal(patient.flair > 0, patient.brain_mask)
    assert patient.flair.dtype == np.uint8
    assert not (patient.lesion_mask & ~patient.brain_mask).any()


def test_lesions_lie_in_white_matter_and_nowhere_else(resampled, clean):
    white = resampled.dense(resampled.maps[Tissue.WHITE])
    mask = clean[2].mask
    assert 100 < mask.sum() < 100_000
    assert (white[mask] > 0.5).all(), "a voxel that is more than half lesion was more than half white matter"


def test_the_mask_is_exactly_the_voxels_that_are_more_than_half_lesion(clean):
    lesions = clean[2]
    np.testing.assert_array_equal(lesions.mask, lesions.share > 0.5)
    assert lesions.share.min() >= 0
    assert lesions.share.max() <= 1


def test_before_the_scanner_lesions_change_the_image_by_their_share_and_nothing_else(clean):
    healthy, patient, lesions = clean
    np.testing.assert_allclose(patient - healthy, lesions.share * (lesions.brightness - 1), atol=1e-5)
    assert ((patient - healthy)[lesions.mask] > 0).all(), "every lesion voxel is brighter than it was"


def test_before_the_scanner_lesions_are_brighter_than_the_white_matter_around_them(resampled, clean):
    _, patient, lesions = clean
    white = resampled.dense(resampled.maps[Tissue.WHITE]) > 0.95
    around = ndimage.binary_dilation(lesions.mask, iterations=4) & ~(lesions.share > 0.01) & white
    ratio = np.median(patient[lesions.mask & white]) / np.median(patient[around])
    assert 1.15 < ratio < 1.7


def test_lesions_at_the_ventricles_point_away_from_them():
    distance = np.broadcast_to(np.arange(20.0)[:, None, None], (20, 20, 20))  # the wall lies at level 0
    rng = np.random.default_rng(0)
    up = [abs(axes_at(PERIVENTRICULAR, np.array([5, 9, 9]), distance, rng)[0, 0]) for _ in range(50)]
    assert np.mean(up) > 0.85, "of random directions the mean would be 0.5"


def test_no_white_matter_no_lesions(resampled):
    maps = resampled.maps.copy()
    maps[Tissue.CORTEX] += maps[Tissue.WHITE]
    maps[Tissue.WHITE] = 0
    distance = np.full(resampled.near.shape, 9.0, np.float32)
    lesions = grow_lesions(replace(resampled, maps=maps), distance, np.random.default_rng(0), LesionModel())
    assert not lesions.share.any()


def test_tissues_keep_their_order_on_flair(clean, resampled):
    healthy = clean[0][resampled.near]
    level = {t: np.median(healthy[resampled.maps[t] > 0.9]) for t in (Tissue.VENTRICLE, Tissue.WHITE, Tissue.LIMBIC)}
    assert level[Tissue.VENTRICLE] < 0.4 < level[Tissue.WHITE] < level[Tissue.LIMBIC]


def test_contrast_is_drawn_around_its_means():
    rng = np.random.default_rng(0)
    drawn = np.stack([FlairContrast().draw(rng) for _ in range(2000)])
    np.testing.assert_allclose(drawn.mean(axis=0), FlairContrast().means(), atol=0.02)
    assert (drawn[:, Tissue.WHITE] == 1).all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_rician_noise_has_the_mean_and_variance_of_the_closed_form(level):
    """Rice, Bell Syst Tech J 24 (1945): mean = s sqrt(pi/2) L(-A^2 / 2s^2), second moment A^2 + 2 s^2."""
    sigma = 0.3
    noisy = rician(np.full((64, 64, 64), level, np.float32), sigma, np.random.default_rng(1))
    x = level**2 / (2 * sigma**2)
    laguerre = np.exp(-x / 2) * ((1 + x) * special.i0(x / 2) + x * special.i1(x / 2))
    mean = sigma * np.sqrt(np.pi / 2) * laguerre
    assert noisy.mean() == pytest.approx(mean, abs=3e-3)
    assert noisy.var() == pytest.approx(level**2 + 2 * sigma**2 - mean**2, abs=3e-3)


def test_thick_slices_average_the_levels_that_they_hold():
    inside, between = slice_profile(12, 3.0)
    np.testing.assert_allclose(inside, np.kron(np.eye(4), np.ones((1, 3))) / 3, atol=1e-6)
    np.testing.assert_allclose(between.sum(axis=1), 1, atol=1e-6)
    ramp = np.arange(12.0)
    np.testing.assert_allclose((between @ inside @ ramp)[1:11], ramp[1:11], atol=1e-5)


def test_a_thickness_that_is_no_whole_number_still_keeps_a_constant():
    inside, between = slice_profile(150, 2.7)
    np.testing.assert_allclose(between @ inside @ np.ones(150), 1, atol=1e-5)


def test_thick_slices_blur_the_levels_and_leave_the_plane_sharp(clean):
    quiet = Scanner(blur_mm=(0, 0), noise=(0, 0), interpolation_mm=(0, 0), shading=(0, 0), sharpening=(0, 0))
    thick = replace(quiet, thick_probability=1.0, thickness_mm=(4.0, 4.0))
    image = clean[0]
    thin, blurred = (
        Acquisition.draw(np.random.default_rng(0), scanner).scan(image, np.random.default_rng(0))
        for scanner in (replace(quiet, thick_probability=0), thick)
    )
    np.testing.assert_allclose(thin, image, atol=1e-5)
    across, along = (np.abs(np.diff(blurred, axis=a)).mean() / np.abs(np.diff(image, axis=a)).mean() for a in (0, 1))
    assert across < 0.8 * along


def test_without_noise_and_shading_the_scan_is_what_visibility_is_judged_by(clean):
    still = replace(Scanner(), noise=(0, 0), shading=(0, 0), thick_probability=0.5)
    for seed in range(2):
        acquisition = Acquisition.draw(np.random.default_rng(seed), still)
        seen, scanned = acquisition.without_noise(clean[0]), acquisition.scan(clean[0], np.random.default_rng(0))
        np.testing.assert_allclose(np.maximum(seen, 0), scanned, atol=1e-5)


def ball(shape: tuple[int, int, int], centre: tuple[int, int, int], radius: float) -> np.ndarray:
    away = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(np.indices(shape), centre, strict=True)))
    return (away <= radius).astype(np.float32)


def test_a_faint_lesion_is_brightened_to_the_least_contrast_and_one_that_cannot_be_is_left_out():
    """Through a scanner that shows a tenth of a lesion, the least contrast takes a brightness of 3."""
    shape = (24, 24, 48)
    share = ball(shape, (12, 12, 12), 3) + ball(shape, (12, 12, 36), 3)
    faint = SimulatedLesions(share, np.where(np.arange(48) < 24, 1.05, 1.5) * np.ones(shape, np.float32))
    model = replace(LesionModel(), least_contrast=0.2, halo=0.0)
    seen = made_visible(faint, np.ones(shape, np.float32), unchanged, model)
    np.testing.assert_array_equal(seen.mask, faint.mask)
    bright = seen.add_to(np.ones(shape, np.float32), 0.0)
    assert bright[12, 12, 12] == pytest.approx(1.2, abs=1e-5)
    assert bright[12, 12, 36] == pytest.approx(1.5, abs=1e-5), "what can be seen stays as it was"

    def dim(image: np.ndarray) -> np.ndarray:
        return 1 + 0.1 * (image - 1) if image.min() >= 1 else 0.1 * image

    assert not made_visible(faint, np.ones(shape, np.float32), dim, model).share.any()


def test_no_lesion_of_a_patient_is_too_faint_to_be_marked(anatomy):
    """Held against the healthy twin of the same scan, noise left out, in every lesion of two patients."""
    still = replace(Scanner(), noise=(0, 0), shading=(0, 0))
    config = replace(SimulationConfig(), scanner=still)
    for seed in range(2):
        subject = simulate_subject(anatomy, True, np.random.default_rng(seed), config)
        labels, count = ndimage.label(subject.lesion_mask, np.ones((3, 3, 3)))
        away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
        ring = labels[tuple(nearest)] * ((away > 1) & (away <= 4) & (subject.flair > 66))
        inside, around = (ndimage.mean(subject.flair, where, np.arange(1, count + 1)) for where in (labels, ring))
        ratio = inside / around
        assert count > 3
        assert np.nanpercentile(ratio, 5) > 1.12


def test_narrowed_sulci_hold_less_csf_and_shares_still_sum_to_one(resampled):
    closed = narrowed(resampled, 0.6)
    np.testing.assert_allclose(closed.maps.sum(axis=0), 1, atol=1e-5)
    before, after = resampled.maps[Tissue.CSF], closed.maps[Tissue.CSF]
    assert (after <= before + 1e-6).all()
    solid = resampled.maps[Tissue.CORTEX :].sum(axis=0) > 0
    np.testing.assert_allclose(after[solid], np.maximum(0, (before[solid] - 0.6) / 0.4), atol=1e-5)
    np.testing.assert_array_equal(after[~solid], before[~solid])
    np.testing.assert_array_equal(narrowed(resampled, 0.0).maps[Tissue.CSF], before)


def test_a_healthy_rim_is_never_brighter_than_a_fifth_of_white_matter():
    """Real ones are not (README): the 95th percentile beside the ventricles is 1.17 to 1.25 times white matter."""
    look = SimulationConfig().appearance
    assert look.caps[1] <= 0.2
    assert look.rim[1] <= 0.2
