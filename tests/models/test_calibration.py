"""Percentile to threshold and back, against numpy's percentiles of the same residuals."""

import json

import numpy as np
import pytest

from uad_core.models.calibration import BINS, EDGES, Calibration, Reference, ResidualHistogram

RESIDUALS = np.random.default_rng(3).gamma(2.0, 0.03, 200_000).clip(0, 1)
HISTOGRAM = ResidualHistogram(np.histogram(RESIDUALS, EDGES)[0])


@pytest.mark.parametrize("percentile", [1, 50, 90, 98, 99.5])
def test_a_percentile_is_the_threshold_that_numpy_finds_to_within_a_bin(percentile):
    assert HISTOGRAM.threshold(percentile) == pytest.approx(np.percentile(RESIDUALS, percentile), abs=1 / BINS)


@pytest.mark.parametrize("percentile", [0.5, 20, 98, 99.9])
def test_threshold_and_percentile_are_inverse(percentile):
    assert HISTOGRAM.percentile(HISTOGRAM.threshold(percentile)) == pytest.approx(percentile, abs=1e-6)


def test_the_ends_of_the_scale():
    assert HISTOGRAM.threshold(0) == 0
    assert HISTOGRAM.percentile(1.0) == 100
    assert RESIDUALS.max() <= HISTOGRAM.threshold(100) <= RESIDUALS.max() + 1 / BINS


def test_thresholds_never_fall_when_percentiles_rise():
    sparse = np.zeros(BINS, np.int64)
    sparse[[3, 500, 501, 1500]] = [10, 1, 0, 4]
    thresholds = [ResidualHistogram(sparse).threshold(p) for p in np.linspace(0, 100, 301)]
    assert np.all(np.diff(thresholds) >= 0)


@pytest.mark.parametrize("percentile", [-1, 100.5, float("nan")])
def test_a_percentile_outside_the_scale_is_refused(percentile):
    with pytest.raises(ValueError, match="percentile"):
        HISTOGRAM.threshold(percentile)


def test_no_healthy_voxel_is_no_distribution():
    with pytest.raises(ValueError, match="healthy"):
        ResidualHistogram(np.zeros(BINS, np.int64))


def made_of(simulated: bool) -> Reference:
    return Reference(simulated, 3, 1.5, {("absolute", 5): HISTOGRAM, ("positive", 1): HISTOGRAM})


def test_json_keeps_everything():
    before = Calibration(2.0, {"a": made_of(True)})
    after = Calibration.from_json(json.loads(json.dumps(before.to_json())))
    np.testing.assert_array_equal(after.histogram("absolute", 5, "a").counts, HISTOGRAM.counts)
    assert after.to_json() == before.to_json()


def test_real_scans_are_the_default_reference_and_unknown_ones_are_named():
    calibration = Calibration(2.0, {"a-simulated": made_of(True), "b-real": made_of(False)})
    assert calibration.default_reference == "b-real"
    with pytest.raises(ValueError, match="a-simulated, b-real"):
        calibration.histogram("absolute", 5, "nobody")
