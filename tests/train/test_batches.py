"""Batches are functions of seed, epoch and index, and augmentation leaves a healthy slice healthy."""

import numpy as np

from uad_core.atlas.space import BRAIN_FRAME
from uad_core.train.batches import AugmentConfig, HealthySlices, augment, brain_frame


def numbered(count: int, value: float) -> np.ndarray:
    """Slices with a square in the middle that tells cohort and index."""
    arrays = np.zeros((count, 32, 32), np.float32)
    arrays[:, 12:20, 12:20] = (value + np.arange(count) / 1000)[:, None, None]
    return arrays


PLAIN = AugmentConfig(flip=False, shift_px=0, gamma=0)


def test_batches_repeat_for_a_seed_and_epoch_and_differ_between_epochs():
    slices = HealthySlices([numbered(10, 0.2)], AugmentConfig(), seed=3)
    first = np.concatenate(list(slices.batches(0, 4)))
    np.testing.assert_array_equal(first, np.concatenate(list(slices.batches(0, 4))))
    np.testing.assert_array_equal(first, np.concatenate(list(slices.batches(0, 3))))  # whatever the batch size
    assert not np.array_equal(first, np.concatenate(list(slices.batches(1, 4))))


def test_every_cohort_fills_an_equal_share_of_an_epoch():
    slices = HealthySlices([numbered(30, 0.2), numbered(4, 0.6)], PLAIN, seed=0)
    seen = np.concatenate(list(slices.batches(0, 8))).max(axis=(1, 2, 3))
    assert len(seen) == 34
    assert (seen > 0.5).sum() == 17
    _, often = np.unique(seen[seen > 0.5], return_counts=True)
    assert often.max() - often.min() <= 1


def test_augmentation_keeps_the_range_the_background_and_the_grey_order():
    picture = numbered(1, 0.3)[0]
    picture[14:16, 14:16] = 0.9
    for seed in range(20):
        changed = augment(picture, AugmentConfig(), np.random.default_rng(seed))
        assert changed.min() == 0
        assert changed.max() <= 1
        assert (changed > 0).sum() == (picture > 0).sum()
        assert changed.max() > np.median(changed[changed > 0])


def test_flip_is_left_to_right():
    picture = np.zeros((8, 8), np.float32)
    picture[2, 1] = 0.5
    config = AugmentConfig(flip=True, shift_px=0, gamma=0)
    seen = {tuple(np.argwhere(augment(picture, config, np.random.default_rng(s)))[0]) for s in range(20)}
    assert seen == {(2, 1), (2, 6)}


def test_the_frame_holds_all_brain_on_the_grid_and_evenly_about_the_middle():
    slices = np.zeros((2, 256, 256), np.float32)
    slices[0, 60:200, 70:180] = 0.5
    slices[1, 50, 190] = 0.1
    rows, columns = brain_frame([slices[:1], slices[1:]], margin_px=4, cell_px=16)
    assert (rows, columns) == (slice(32, 208), slice(48, 208))
    assert slices[:, rows, columns].sum() == slices.sum()
    assert brain_frame([slices], 4, None) == (slice(0, 256), slice(0, 256))
    assert brain_frame([np.ones((1, 256, 256))], 4, 16) == (slice(0, 256), slice(0, 256))


def test_flips_and_shifts_within_the_frame_equal_those_of_the_whole_slice():
    slices = np.zeros((1, 256, 256), np.float32)
    slices[0, 60:200, 70:180] = np.random.default_rng(0).random((140, 110))
    rows, columns = brain_frame([slices], AugmentConfig().shift_px, 16)
    for seed in range(10):
        whole = augment(slices[0], AugmentConfig(), np.random.default_rng(seed))
        cut = augment(slices[0, rows, columns], AugmentConfig(), np.random.default_rng(seed))
        np.testing.assert_array_equal(cut, whole[rows, columns])


def test_neighbours_are_those_of_the_same_scan_and_0_where_there_are_none():
    """Two scans of three levels each, the second one without its middle level."""
    slices = np.zeros((5, 8, 8), np.float32)
    slices[:, 2:6, 2:6] = (np.arange(1, 6) / 10)[:, None, None]
    levels = [np.array([70, 71, 72, 70, 72])]
    found = {}
    for batch in HealthySlices([slices], PLAIN, 0, levels, (-1, 1)).batches(0, 2):
        found |= {round(10 * float(stack[0].max())): [round(10 * float(s.max())) for s in stack[1:]] for stack in batch}
    assert found == {1: [0, 2], 2: [1, 3], 3: [2, 0], 4: [0, 0], 5: [0, 0]}


def test_a_thick_slice_is_the_mean_of_the_levels_of_its_own_scan_in_its_own_outline():
    """Three levels of one scan, and two of another."""
    slices = np.zeros((5, 8, 8), np.float32)
    slices[:, 2:6, 2:6] = np.array([0.1, 0.3, 0.8, 0.5, 0.7])[:, None, None]
    slices[1, 2, 2] = 0  # a level whose brain is smaller
    config = AugmentConfig(flip=False, shift_px=0, gamma=0, thick_mm=3)
    source = HealthySlices([slices], config, 0, [np.array([70, 71, 72, 70, 71])])
    seen = [stack[0] for epoch in range(6) for batch in source.batches(epoch, 5) for stack in batch]
    assert {round(float(one.max()), 3) for one in seen} == {0.1, 0.2, 0.3, 0.4, 0.55, 0.8, 0.5, 0.6, 0.7}
    assert all(one[2, 2] == 0 for one in seen if round(float(one[4, 4]), 3) in {0.3, 0.4})


def test_a_model_has_its_own_frame_where_the_brain_leaves_room_in_it():
    slices = np.zeros((1, 256, 256), np.float32)
    slices[0, 50:220, 60:190] = 0.5
    assert brain_frame([slices], 4, 32, BRAIN_FRAME) == BRAIN_FRAME
    slices[0, 230, 100] = 0.5  # within, but a shift could lose it
    assert brain_frame([slices], 4, 32, BRAIN_FRAME) != BRAIN_FRAME
