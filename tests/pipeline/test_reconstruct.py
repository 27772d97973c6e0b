"""From a prepared scan to a mask: what must hold for any model."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from tests.support.heads import SLAB, Identity, Zeros, checkpoint_of, head
from uad_core.atlas.space import Slab
from uad_core.io.volume import ScanError
from uad_core.models.calibration import BINS
from uad_core.pipeline.postprocess import PostprocessConfig, erode, residual
from uad_core.pipeline.reconstruct import reconstruct, reconstruct_slices
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess import PreprocessConfig, prepare
from uad_core.train.calibrate import calibrate


class Broken(Identity):
    def forward(self, slices):
        return slices * float("nan")


@pytest.fixture(scope="module")
def prepared():
    return prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=SLAB))


def test_an_identity_model_gives_an_empty_mask(prepared):
    result = segment(reconstruct(prepared, checkpoint_of(Identity())), DetectConfig(threshold=0.0))
    assert not result.mask.any()
    assert result.lesions == ()


def test_a_model_of_zeros_gives_back_the_scan(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros()))
    np.testing.assert_array_equal(reconstruction.residual("absolute"), prepared.array)


def test_a_model_that_returns_no_numbers_is_not_an_empty_mask(prepared):
    with pytest.raises(ScanError, match="no usable picture"):
        reconstruct(prepared, checkpoint_of(Broken()))


def test_the_ball_is_found_measured_and_placed(prepared):
    config = DetectConfig(threshold=0.75, postprocess=PostprocessConfig(median_size=1, min_lesion_mm3=50))
    result = segment(reconstruct(prepared, checkpoint_of(Zeros())), config)
    assert len(result.lesions) == 1
    lesion = result.lesions[0]
    points = [
        (d, h, w) for d in range(-2, 4) for h in range(-4, 5) for w in range(-4, 5) if d * d + h * h + w * w <= 16
    ]
    assert lesion.volume_mm3 == pytest.approx(len(points))  # of the ball, the part within the slab
    assert lesion.centre_mm[:2] == pytest.approx((-90, 239 - 100))  # world of the atlas grid: x = -w, y = 239 - h
    assert lesion.peak_residual == pytest.approx(0.85, abs=0.01)  # 170 where the brain's median is 100


def test_a_percentile_is_looked_up_and_a_threshold_is_looked_back(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros()))
    assert segment(reconstruction, DetectConfig(percentile=98)).threshold == pytest.approx(0.98)
    assert segment(reconstruction, DetectConfig(threshold=0.4)).percentile == pytest.approx(40)


def test_a_false_discovery_rate_raises_the_percentiles_threshold_and_never_lowers_it(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros()))  # grey of .5, where healthy ones are even

    def threshold(percentile: float, rate: float | None) -> float:
        return segment(reconstruction, DetectConfig(percentile, false_discovery=rate)).threshold

    raised = threshold(0, 70)
    assert 0.2 < raised < 0.5
    assert threshold(0, 60) > raised
    assert threshold(98, 70) == threshold(98, None) > raised


def test_levels_that_the_model_was_not_trained_on_are_marked_and_never_flagged(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros(), Slab(73, 20)))
    assert any("3 of 6 axial levels" in warning for warning in reconstruction.warnings)
    mask = segment(reconstruction, DetectConfig(threshold=0.1)).mask
    assert not mask[:3].any()
    assert mask[3:].any()


def test_a_model_of_other_levels_altogether_is_refused(prepared):
    with pytest.raises(ScanError, match="not trained on any"):
        reconstruct(prepared, checkpoint_of(Zeros(), Slab(10, 20)))


def test_calibration_counts_the_same_filtered_residuals_that_scipy_finds(prepared):
    calibration = calibrate(Zeros(), [("a", True, prepared), ("a", True, prepared), ("b", False, prepared)])
    inside = erode(prepared.brain_mask, 2.0)
    assert calibration.references["a"].scans == 2
    assert calibration.references["a"].millilitres == pytest.approx(2 * inside.sum() / 1000)
    assert calibration.default_reference == "b"
    filtered = ndimage.median_filter(residual(prepared.array, np.zeros_like(prepared.array)), 3)[inside]
    for percentile in (10, 50, 98):
        found = calibration.histogram("absolute", 3, "b").threshold(percentile)
        assert found == pytest.approx(np.percentile(filtered, percentile), abs=1 / BINS)


def test_a_profile_shows_the_share_of_voxels_in_each_bin(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros()))
    edges = (0.0, 0.45, 0.55, 1.0)
    shares = reconstruction.profile(PostprocessConfig(median_size=1), edges)
    values = prepared.array[erode(prepared.brain_mask, 2.0)]
    np.testing.assert_allclose(shares[1], ((values > 0.45) & (values <= 0.55)).mean(), atol=1e-6)
    assert shares.sum() == pytest.approx(1)


class Neighbourly(Zeros):
    """Its score: bright is the slice below, dark the slice above."""

    context = (-1, 1)
    scores = True

    def assess(self, slices, on_progress=None):
        around = slices[:, 1:] if slices.shape[1] > 1 else torch.zeros_like(slices).expand(-1, 2, -1, -1)
        return torch.zeros_like(slices[:, :1]), around


def test_a_models_own_score_stands_in_the_residuals_place_and_sees_its_neighbours(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Neighbourly()))
    below, above = np.zeros_like(prepared.array), np.zeros_like(prepared.array)
    below[1:], above[:-1] = prepared.array[:-1], prepared.array[1:]
    np.testing.assert_array_equal(reconstruction.residual("positive"), below)
    np.testing.assert_array_equal(reconstruction.residual("absolute"), np.maximum(below, above))
    alone = reconstruct_slices(Neighbourly(), prepared.array)
    assert not alone.any()


def test_a_score_is_what_calibration_counts(prepared):
    calibration = calibrate(Neighbourly(), [("a", True, prepared)])
    below = np.zeros_like(prepared.array)
    below[1:] = prepared.array[:-1]
    expected = below[erode(prepared.brain_mask, 2.0)]
    assert calibration.histogram("positive", 1).threshold(50) == pytest.approx(
        np.percentile(expected, 50), abs=1 / BINS
    )
