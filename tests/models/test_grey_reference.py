"""Grey values of healthy scans: distances against scipy's, leave-one-out by doing it, and the way to JSON and back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.models.calibration import Calibration, Reference
from uad_core.models.checkpoint import build_model
from uad_core.models.grey_reference import BINS, GreyReference, earth_movers_distance, histogram_shares
from uad_core.pipeline.postprocess import brain_shares, erode
from uad_core.preprocess import Prepared, PreprocessConfig
from uad_core.train.calibrate import calibrate

RNG = np.random.default_rng(5)
SCANS = [histogram_shares(RNG.beta(a, b, 5000)) for a, b in ((5, 5), (6, 5), (5, 7), (8, 8), (3, 4))]
MIDDLES = (np.arange(BINS) + 0.5) / BINS


@pytest.mark.parametrize("other", range(1, 5))
def test_the_distance_is_the_area_between_the_cumulative_distributions(other):
    expected = np.abs(np.cumsum(SCANS[0] - SCANS[other])).sum() / BINS
    assert earth_movers_distance(SCANS[0], SCANS[other]) == pytest.approx(expected, abs=1e-9)


def test_each_healthy_scan_is_held_against_the_mean_of_the_others():
    kept = GreyReference.of(SCANS, (70, 89))
    left_out = [
        wasserstein_distance(MIDDLES, MIDDLES, scan, np.mean(SCANS[:i] + SCANS[i + 1 :], axis=0))
        for i, scan in enumerate(SCANS)
    ]
    np.testing.assert_allclose(kept.distances, sorted(left_out), atol=1e-6)
    assert kept.nearer(0) == 0
    assert kept.nearer(1) == 5


def test_one_scan_alone_has_no_spread():
    assert GreyReference.of(SCANS[:1], (87, 87)).distances.size == 0


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        GreyReference(np.full(BINS, 0.5), np.array([]), (0, 1))


def test_json_keeps_every_bit_and_old_records_have_none():
    before = Calibration(2.0, {"a": Reference(True, 5, 1.0, {}, GreyReference.of(SCANS, (70, 89)))})
    record = json.loads(json.dumps(before.to_json()))
    after = Calibration.from_json(record).references["a"].intensities
    np.testing.assert_array_equal(after.mean, before.references["a"].intensities.mean)
    np.testing.assert_array_equal(after.distances, before.references["a"].intensities.distances)
    assert after.levels == (70, 89)
    del record["references"]["a"]["intensities"]
    assert Calibration.from_json(record).references["a"].intensities is None


def prepared(slab: Slab, seed: int) -> Prepared:
    """A block of brain with other grey values at every level."""
    array = np.zeros(slab.shape, np.float32)
    array[:, 60:200, 70:190] = np.random.default_rng(seed).uniform(0.2, 0.8, (slab.count, 140, 120))
    array[:, 60:200, 70:190] *= np.linspace(0.5, 1, slab.count)[:, None, None]
    scan = Volume.from_canonical(array, slab.affine)
    return Prepared(scan, array, array > 0, AffineTransform.identity(), PreprocessConfig(slab=slab))


def test_the_brain_is_counted_at_the_levels_asked_for_and_without_its_rim():
    scan = prepared(Slab(70, 6), 0)
    inside = erode(scan.brain_mask, 2.0)
    np.testing.assert_array_equal(
        brain_shares(scan, (72, 73)), np.histogram(scan.array[2:4][inside[2:4]], 100, (0, 1))[0] / inside[2:4].sum()
    )
    assert brain_shares(scan, (40, 69)) is None
    assert brain_shares(scan, (76, 90)) is None
    assert brain_shares(scan, (60, 70)).sum() == pytest.approx(1)


def test_calibration_keeps_the_grey_values_of_each_cohort():
    scans = [prepared(Slab(70, 2), seed) for seed in range(3)]
    single = prepared(Slab(87, 1), 9)
    healthy = [*(("slabs", True, scan) for scan in scans), ("slices", False, single)]
    found = calibrate(build_model("intensity"), healthy).references
    assert found["slabs"].intensities.levels == (70, 71)
    assert len(found["slabs"].intensities.distances) == 3
    expected = np.mean([brain_shares(scan, (70, 71)) for scan in scans], axis=0)
    np.testing.assert_allclose(found["slabs"].intensities.mean, expected, atol=1e-6)
    assert found["slices"].intensities.levels == (87, 87)


def test_scans_without_brain_calibrate_nothing():
    scan = prepared(Slab(87, 1), 9)
    dark = replace(scan, brain_mask=np.zeros_like(scan.brain_mask))
    with pytest.raises(ValueError, match="at least one healthy voxel"):
        calibrate(build_model("intensity"), [("dark", False, dark)])
