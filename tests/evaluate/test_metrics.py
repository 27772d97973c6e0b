"""Metrics, against scikit-learn, brute force and cases drawn by hand."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, precision_recall_curve

from uad_core.evaluate.metrics import (
    curve,
    dice,
    false_positive_ml,
    lesion_scores,
    mean_with_interval,
    paired_difference,
    pooled_interval,
)

RNG = np.random.default_rng(1)


def average_precision(values, truth):
    return curve(values, truth).average_precision


def best_dice(values, truth, missed=0):
    return curve(values, truth).best_dice(missed)[0]


def random_scores(count, share, decimals):
    values = RNG.random(count, np.float32).round(decimals)
    return values, RNG.random(count) < share * (0.5 + values)


@pytest.mark.parametrize("decimals", [1, 3, 8], ids=["many ties", "some ties", "hardly a tie"])
@pytest.mark.parametrize("share", [0.01, 0.3])
def test_average_precision_equals_scikit_learns(share, decimals):
    values, truth = random_scores(20_000, share, decimals)
    assert average_precision(values, truth) == pytest.approx(average_precision_score(truth, values), rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    arrays(np.float32, 12, elements=st.sampled_from([-1.0, -0.0, 0.0, 0.25, 0.5, 3.0])),
    arrays(np.bool_, 12).filter(lambda truth: truth.any()),
)
def test_average_precision_equals_scikit_learns_on_any_small_case(values, truth):
    assert average_precision(values, truth) == pytest.approx(average_precision_score(truth, values), rel=1e-12)


def test_average_precision_of_constant_scores_is_the_share_of_positives():
    truth = np.array([True, False, False, False])
    assert average_precision(np.full(4, 0.3), truth) == 0.25


def test_average_precision_without_positives_does_not_exist_and_of_positives_alone_is_one():
    values = RNG.random(9)
    assert isnan(average_precision(values, np.zeros(9, bool)))
    assert isnan(average_precision(values[:0], np.zeros(0, bool)))
    assert average_precision(values, np.ones(9, bool)) == 1


def test_scores_that_are_no_numbers_and_unequal_shapes_are_refused():
    with pytest.raises(ValueError, match="finite"):
        curve(np.array([0.1, np.nan]), np.array([True, False]))
    with pytest.raises(ValueError, match="shape"):
        curve(np.zeros(3), np.zeros(2, bool))


@pytest.mark.parametrize("decimals", [1, 8])
def test_best_dice_is_the_best_of_every_threshold_there_is(decimals):
    values, truth = random_scores(400, 0.1, decimals)
    every = [dice(values >= threshold, truth) for threshold in np.unique(values)]
    assert best_dice(values, truth) == max(every)
    best, threshold = curve(values, truth).best_dice()
    assert dice(values >= threshold, truth) == best


def test_lesions_that_no_score_covers_lower_the_best_dice():
    values, truth = np.array([0.9, 0.1, 0.2]), np.array([True, False, False])
    assert best_dice(values, truth) == 1
    assert best_dice(values, truth, missed=2) == 2 / (1 + 3)
    assert best_dice(values, truth & False, missed=2) == 0
    assert isnan(best_dice(values, truth & False))


def test_precision_and_recall_lie_on_scikit_learns_curve():
    values, truth = random_scores(500, 0.2, 2)
    found = curve(values, truth)
    precision, recall, thresholds = precision_recall_curve(truth, values)
    where = np.searchsorted(thresholds, found.thresholds)
    np.testing.assert_allclose(found.precision, precision[where])
    np.testing.assert_allclose(found.recall, recall[where])


def test_a_thinned_curve_keeps_its_ends_and_its_points():
    values, truth = random_scores(5000, 0.2, 8)
    whole = curve(values, truth)
    thin = whole.thinned(50)
    assert 40 <= len(thin.hits) <= 50
    assert (thin.hits[0], thin.hits[-1]) == (whole.hits[0], whole.hits[-1])
    assert np.isin(thin.thresholds, whole.thresholds).all()
    assert thin.average_precision == pytest.approx(whole.average_precision, abs=0.01)
    assert whole.thinned(10**6) is whole


def test_dice_of_two_empty_masks_does_not_exist_and_of_one_is_zero():
    none, some = np.zeros(4, bool), np.array([True, False, False, True])
    assert isnan(dice(none, none))
    assert dice(some, none) == dice(none, some) == 0
    assert dice(some, some) == 1


def drawn(*slices):
    """Bool volumes of drawings, one string a row."""
    return np.array([[[character != "." for character in row] for row in one.split()] for one in slices])


def test_lesions_are_counted_one_by_one():
    truth = drawn("##......  ##...##.  ......#.")  # two lesions
    mask = drawn("#.....#.  .....#..  .##.....")  # hits both (the second by a neighbour that is lesion), and one beside
    scores = lesion_scores(mask, truth)
    assert (scores.true, scores.found) == (2, 2)
    assert (scores.flagged, scores.right) == (3, 2)
    assert (scores.recall, scores.precision) == (1, 2 / 3)
    assert scores.f1 == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))


def test_voxels_that_touch_at_a_corner_in_the_next_slice_are_one_lesion():
    truth = drawn("#..  ...  ...", "...  .#.  ...", "...  ...  ..#")
    assert lesion_scores(truth, truth).true == 1


def test_a_lesion_is_found_from_a_tenth_of_it_on():
    truth = np.ones((1, 1, 20), bool)
    mask = np.zeros_like(truth)
    mask[0, 0, 0] = True
    assert lesion_scores(mask, truth).found == 0
    mask[0, 0, 1] = True
    assert lesion_scores(mask, truth).found == 1


def test_flagging_everything_finds_every_lesion_and_is_wrong():
    truth = np.zeros((3, 30, 30), bool)
    truth[1, 4:6, 4:6] = truth[1, 20:22, 20:22] = True
    scores = lesion_scores(np.ones_like(truth), truth)
    assert (scores.recall, scores.precision, scores.f1) == (1, 0, 0)


def test_lesion_scores_of_empty_masks():
    none, some = drawn("...  ..."), drawn("##.  ...")
    both = lesion_scores(none, none)
    assert isnan(both.recall)
    assert isnan(both.precision)
    assert isnan(both.f1)
    nothing_flagged = lesion_scores(none, some)
    assert (nothing_flagged.recall, nothing_flagged.f1) == (0, 0)
    assert isnan(nothing_flagged.precision)
    nothing_there = lesion_scores(some, none)
    assert (nothing_there.precision, nothing_there.f1) == (0, 0)
    assert isnan(nothing_there.recall)
    beside = lesion_scores(drawn("...  ..#"), some)
    assert (beside.recall, beside.precision, beside.f1) == (0, 0, 0)


def test_false_positives_are_measured_in_the_patients_millilitres():
    mask, truth = drawn("###.  ...."), drawn("#...  #...")
    assert false_positive_ml(mask, truth, voxel_mm3=1.5) == pytest.approx(2 * 1.5 / 1000)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    samples = np.random.default_rng(5).normal(0.3, 0.1, size=(300, 40))
    intervals = [mean_with_interval(sample, resamples=400, seed=i) for i, sample in enumerate(samples)]
    covered = np.mean([interval.low <= 0.3 <= interval.high for interval in intervals])
    assert 0.89 <= covered <= 0.98


def test_of_few_patients_with_a_skewed_figure_the_interval_covers_the_mean_more_often_than_percentiles_do():
    samples = np.random.default_rng(6).exponential(1, size=(400, 10))
    draws = np.random.default_rng(7).integers(10, size=(400, 10))
    corrected = [mean_with_interval(sample, resamples=400, seed=i) for i, sample in enumerate(samples)]
    plain = [np.percentile(sample[draws].mean(axis=1), (2.5, 97.5)) for sample in samples]
    covered = np.mean([interval.low <= 1 <= interval.high for interval in corrected])
    assert covered > np.mean([low <= 1 <= high for low, high in plain]) + 0.01


def test_patients_who_all_have_the_same_value_say_nothing_of_the_spread_of_others():
    same = mean_with_interval(np.full(5, 0.25))
    assert (same.mean, same.std, same.patients) == (0.25, 0, 5)
    assert isnan(same.low)
    assert isnan(same.high)


def test_an_interval_repeats_leaves_out_what_is_missing_and_needs_two_patients():
    values = np.array([0.1, np.nan, 0.4, 0.2])
    interval = mean_with_interval(values, seed=3)
    assert interval == mean_with_interval(values, seed=3)
    assert (interval.patients, interval.left_out) == (3, 1)
    assert interval.mean == pytest.approx(0.7 / 3)
    assert interval.std == pytest.approx(np.std([0.1, 0.4, 0.2], ddof=1))
    one = mean_with_interval(values[:2])
    assert (one.mean, one.patients) == (0.1, 1)
    assert isnan(one.low)
    assert isnan(mean_with_interval(values[:0]).mean)


def test_a_paired_difference_sees_what_unpaired_intervals_hide():
    base = np.linspace(0, 1, 30)
    better = base + 0.02 + 0.01 * np.sin(np.arange(30))
    difference = paired_difference(better, base)
    assert difference.mean == pytest.approx(0.02, abs=0.005)
    assert difference.low > 0
    assert paired_difference(np.append(better, np.nan), np.append(base, 1)).left_out == 1


def test_the_pooled_interval_equals_that_of_pooling_every_resample_anew():
    values = [RNG.random(2000, np.float32) for _ in range(8)]
    truths = [RNG.random(2000) < 0.1 * (shift + value) for shift, value in enumerate(values)]
    pooled = curve(np.concatenate(values), np.concatenate(truths))
    found = pooled_interval(pooled, values, truths, resamples=200, seed=4)
    draws = np.random.default_rng(4).integers(8, size=(200, 8))
    plain = [
        average_precision(np.concatenate([values[i] for i in draw]), np.concatenate([truths[i] for i in draw]))
        for draw in draws
    ]
    np.testing.assert_allclose(found, np.percentile(plain, (2.5, 97.5)), atol=1e-3)
    assert isnan(pooled_interval(pooled, values[:1], truths[:1])[0])


def test_two_scans_of_each_person_say_no_more_than_one():
    """The mean over a person's scans is the person's figure; people are drawn, not scans."""
    rng = np.random.default_rng(0)
    values = rng.random(8)
    names = [f"sub-{i}" for i in range(8)]
    once = mean_with_interval(values, resamples=300)
    assert mean_with_interval(np.repeat(values, 2), 300, people=np.repeat(names, 2).tolist()) == once
    assert mean_with_interval(np.append(values, np.nan), 300, people=[*names, "sub-0"]) == once
    scans = [rng.random(50).astype(np.float32) for _ in values]
    truths = [scan > 0.6 for scan in scans]
    pooled, twice = (curve(np.concatenate(scans * n), np.concatenate(truths * n)) for n in (1, 2))
    expected = pooled_interval(pooled, scans, truths, 300)
    assert pooled_interval(twice, scans * 2, truths * 2, 300, people=names * 2) == pytest.approx(expected, abs=0.01)
    assert np.isnan(pooled_interval(twice, scans[:2], truths[:2], 300, people=["a", "a"])[0])
