"""From a prepared scan to a mask: what must hold for any model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from tests.support.heads import SLAB, Identity, Zeros, checkpoint_of, head
from uad_core.atlas.space import Slab
from uad_core.detect.from_file import summary
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
    bright = replace(prepared, array=np.minimum(1.6 * prepared.array, 1))  # grey of .8, where healthy ones are even
    reconstruction = reconstruct(bright, checkpoint_of(Zeros()))

    def threshold(percentile: float, rate: float | None) -> float:
        return segment(reconstruction, DetectConfig(percentile, false_discovery=rate)).threshold

    raised = threshold(0, 40)
    assert 0.55 < raised < 0.8
    assert threshold(0, 30) > raised
    assert threshold(98, 40) == threshold(98, None) > raised


@pytest.mark.parametrize(
    "wrong",
    [{"percentile": 101}, {"percentile": -1}, {"threshold": 1.5}, {"threshold": float("nan")}, {"false_discovery": 0},
     {"false_discovery": 51}],
)  # fmt: skip
def test_a_setting_that_means_nothing_is_refused_wherever_it_comes_from(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DetectConfig(**wrong)


@pytest.mark.parametrize("wrong", [{"erosion_mm": 500}, {"erosion_mm": -1}, {"min_lesion_mm3": 1e6}])
def test_a_size_that_no_brain_has_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PostprocessConfig(**wrong)


def test_a_mask_nearer_to_the_rim_or_behind_single_slices_says_so(prepared):
    reconstruction = reconstruct(prepared, checkpoint_of(Zeros()))
    usual = segment(reconstruction, DetectConfig(threshold=0.4))
    near = segment(reconstruction, DetectConfig(threshold=0.4, postprocess=PostprocessConfig(erosion_mm=0)))
    assert "in a healthy brain of this size" in summary(usual)
    assert "not known so near to its rim" in summary(near)
    reference = reconstruction.checkpoint.calibration.default_reference
    assert f"of {reference}, single slices" in summary(replace(usual, of_slices=True))


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
