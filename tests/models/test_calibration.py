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


def by_hand(healthy: np.ndarray, scan: np.ndarray, rate: float) -> float:
    """Benjamini and Hochberg, voxel by voxel: the largest k with p(k) <= rate k / m, and its residual."""
    p_values = np.array([(1 + (healthy >= value).sum()) / (1 + len(healthy)) for value in scan])
    order = np.argsort(p_values)
    passed = np.flatnonzero(p_values[order] <= rate * (1 + np.arange(len(scan))) / len(scan))
    return scan[order][passed[-1]] if passed.size else 1.0


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
def test_the_discovery_threshold_is_that_of_benjamini_and_hochberg(rate):
    rng = np.random.default_rng(1)
    middles = (np.arange(BINS) + 0.5) / BINS
    healthy = rng.choice(middles[:400], 5000, p=np.linspace(2, 0, 400) / np.linspace(2, 0, 400).sum())
    scan = np.concatenate([rng.choice(healthy, 900), rng.choice(middles[330:600], 100)])
    histogram = ResidualHistogram(np.histogram(healthy, EDGES)[0])
    threshold = histogram.discovery_threshold(np.histogram(scan, EDGES)[0], rate)
    lowest = by_hand(healthy, scan, rate)
    assert (scan > threshold).sum() == (scan >= lowest).sum()


@pytest.mark.parametrize("least", [0.0, 0.35])
def test_the_lowest_discovery_rate_is_the_one_from_which_a_voxel_is_flagged(least):
    rng = np.random.default_rng(2)
    scan = np.concatenate([rng.choice(RESIDUALS, 3000), rng.uniform(0.2, 0.5, 8)])
    counts = np.histogram(scan, EDGES)[0]
    lowest = HISTOGRAM.lowest_discovery_rate(counts, least)

    def flagged(rate: float) -> int:
        return (scan > max(least, HISTOGRAM.discovery_threshold(counts, rate))).sum()

    assert flagged(lowest * 1.001) > 0
    assert flagged(lowest * 0.999) == 0
    assert HISTOGRAM.lowest_discovery_rate(counts, 0.9) == np.inf


def test_a_healthy_scan_like_the_reference_is_left_alone():
    """Of 200 scans that are drawn from the reference itself, hardly one is flagged at all."""
    rng = np.random.default_rng(5)
    flagged = [
        (np.float64(HISTOGRAM.discovery_threshold(np.histogram(scan, EDGES)[0], 0.05)) < scan).sum()
        for scan in rng.choice(RESIDUALS, (200, 2000))
    ]
    assert np.mean(np.array(flagged) > 0) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        HISTOGRAM.discovery_threshold(HISTOGRAM.counts, rate)
