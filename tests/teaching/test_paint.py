"""A painted lesion, and from which grey on it is seen."""

import numpy as np
import pytest
import torch

from tests.support.small_scans import Flat, Mixing, checkpoint_of, prepared_of
from uad_core.models.families.intensity import Intensity, IntensityConfig
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.teaching import PaintedLesion, paint, repaint, sweep

SHAPE = (13, 24, 24)
CENTRE = (6, 12, 12)
LATTICE_4 = 257  # points of the cubic lattice within 4 of the origin, OEIS A000605


def scan(seed=0):
    """Tissue around 0.5 with a black border."""
    rng = np.random.default_rng(seed)
    brain = np.zeros(SHAPE, bool)
    brain[:, 2:-2, 2:-2] = True
    return prepared_of(np.where(brain, 0.5 + 0.1 * rng.standard_normal(SHAPE), 0).clip(0, 1), brain)


def even():
    return prepared_of(np.full(SHAPE, 0.5))


def test_a_sharp_lesion_is_a_ball_of_one_grey_and_touches_nothing_else():
    healthy = scan()
    painted, truth = paint(healthy, PaintedLesion(CENTRE, 4, 0), 0.9)
    assert truth.sum() == LATTICE_4
    np.testing.assert_array_equal(painted.array[truth], np.float32(0.9))
    np.testing.assert_array_equal(painted.array[~truth], healthy.array[~truth])
    assert not painted.array.flags.writeable


def test_a_soft_edge_falls_evenly_from_lesion_to_tissue_and_truth_ends_half_way():
    painted, truth = paint(even(), PaintedLesion(CENTRE, 4, 4), 1.0)
    outwards = painted.array[6, 12, 12:20]  # 0, 1, 2, ... mm from the centre
    np.testing.assert_allclose(outwards, [1, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.5], atol=1e-6)
    assert truth.sum() == LATTICE_4


def test_the_lesson_counts_rightly_how_much_of_a_cube_of_125_small_lesions_fill():
    cube = np.s_[4:9, 10:15, 10:15]  # around CENTRE
    filled = [int(paint(even(), PaintedLesion(CENTRE, radius, 0), 1.0)[1][cube].sum()) for radius in (2, 2.5)]
    assert filled == [33, 81]  # in the words of chapter Median; 63 are needed


def test_paint_stays_inside_the_brain():
    healthy = scan()
    painted, truth = paint(healthy, PaintedLesion((6, 12, 2), 4, 2), 0.9)
    assert (painted.array[~healthy.brain_mask] == 0).all()
    assert truth.any()
    assert not (truth & ~healthy.brain_mask).any()


def test_black_paint_does_not_become_background():
    painted, truth = paint(scan(), PaintedLesion(CENTRE, 4, 0), 0.0)
    assert 0 < painted.array[truth].max() < 0.01


@pytest.mark.parametrize("wrong", [{"radius_mm": 0}, {"softness_mm": -1}])
def test_a_lesion_without_extent_is_an_error(wrong):
    with pytest.raises(ValueError, match="must"):
        PaintedLesion(CENTRE, **wrong)


def test_a_grey_beyond_the_scale_is_an_error():
    with pytest.raises(ValueError, match="intensity"):
        paint(even(), PaintedLesion(CENTRE), 1.1)


class Scoring(Mixing):
    """Has a score of its own, which looks at the level below as well."""

    scores = True
    context = (-1,)

    def assess(self, slices, on_progress=None):
        found = super().reconstruct(slices[:, :1])
        return found, torch.cat([found - slices[:, 1:], slices[:, 1:] - found], dim=1)


@pytest.mark.parametrize(
    "model", [Mixing(), Scoring(), Intensity(IntensityConfig())], ids=["by slice", "by neighbours", "by whole scan"]
)
def test_reconstructing_only_what_the_paint_touches_gives_what_reconstructing_everything_gives(model):
    healthy, lesion, checkpoint = scan(), PaintedLesion(CENTRE, 3, 2), checkpoint_of(model)
    greys = (0.2, 0.7)
    for grey, cheap in zip(greys, repaint(reconstruct(healthy, checkpoint), lesion, greys), strict=True):
        painted, _ = paint(healthy, lesion, grey)
        full = reconstruct(painted, checkpoint)
        np.testing.assert_array_equal(cheap.prepared.array, painted.array)
        np.testing.assert_allclose(cheap.array, full.array, atol=1e-6)
        if full.score is not None:
            np.testing.assert_allclose(cheap.score, full.score, atol=1e-6)


def test_a_model_that_draws_even_tissue_sees_what_differs_from_it_by_more_than_the_threshold():
    config = DetectConfig(threshold=0.2, postprocess=PostprocessConfig("absolute", 1))
    reconstruction = reconstruct(even(), checkpoint_of(Flat()))
    found = sweep(reconstruction, PaintedLesion(CENTRE, 4, 0), (0.1, 0.4, 0.5, 0.6, 0.75, 0.9), config)
    assert [point.share for point in found.points] == [1, 0, 0, 0, 1, 1]
    assert [point.peak for point in found.points] == pytest.approx([0.4, 0.1, 0, 0.1, 0.25, 0.4], abs=1e-6)
    assert [point.drawn for point in found.points] == pytest.approx([0.5] * 6)
    assert found.healthy == pytest.approx(0.5)
    assert found.seen_from() == 0.75
    np.testing.assert_array_equal(found.points[-1].mask(SHAPE), found.truth)


def test_with_the_positive_residual_dark_lesions_vanish():
    config = DetectConfig(threshold=0.2, postprocess=PostprocessConfig("positive", 1))
    found = sweep(reconstruct(even(), checkpoint_of(Flat())), PaintedLesion(CENTRE, 4, 0), (0.1, 0.5, 0.9), config)
    assert [point.share for point in found.points] == [0, 0, 1]


def test_what_was_flagged_before_is_not_credited():
    array = np.full(SHAPE, 0.5)
    array[:, :, :12] = 0.9  # the left half is flagged without any lesion
    config = DetectConfig(threshold=0.2, postprocess=PostprocessConfig("absolute", 1))
    reconstruction = reconstruct(prepared_of(array), checkpoint_of(Flat()))
    found = sweep(reconstruction, PaintedLesion(CENTRE, 4, 0), (0.5, 0.6, 0.9), config)
    assert [point.share for point in found.points] == [0, 0, 1]
    middle_plane = 49  # of the 257 points those with w = 0: the disc of radius 4
    assert found.before[found.truth].mean() == pytest.approx((LATTICE_4 - middle_plane) / 2 / LATTICE_4)
    everything = sweep(reconstruction, PaintedLesion((6, 12, 5), 2, 0), (0.9,), config)
    assert np.isnan(everything.points[0].share)
    assert everything.seen_from() is None


def test_peak_and_mask_are_those_of_the_whole_chain():
    healthy, lesion, config = scan(1), PaintedLesion(CENTRE, 3, 2), DetectConfig(percentile=15)
    checkpoint = checkpoint_of(Mixing())
    reconstruction = reconstruct(healthy, checkpoint)
    found = sweep(reconstruction, lesion, (0.9,), config).points[0]
    painted, truth = paint(healthy, lesion, 0.9)
    full = reconstruct(painted, checkpoint)
    whole = segment(full, config)
    before = segment(reconstruction, config).mask
    np.testing.assert_array_equal(found.mask(SHAPE), whole.mask)
    assert found.share == pytest.approx(whole.mask[truth & ~before].mean())
    medians = filtered(full.residual("absolute"), full.inside(2.0), 5)
    assert found.peak == pytest.approx(medians[truth].max(), abs=1e-6)


def test_a_model_that_reconstructs_nothing_has_nothing_to_show_in_the_lesion():
    model = checkpoint_of(Intensity(IntensityConfig()), "intensity")
    found = sweep(reconstruct(scan(), model), PaintedLesion(CENTRE, 3, 0), (0.9,))
    assert np.isnan(found.points[0].drawn)


def test_a_lesion_outside_the_brain_is_an_error_and_progress_reaches_its_end():
    reconstruction = reconstruct(scan(), checkpoint_of(Mixing()))
    with pytest.raises(ValueError, match="outside the brain"):
        sweep(reconstruction, PaintedLesion((6, 0, 0), 1, 0))
    told = []
    sweep(reconstruction, PaintedLesion(CENTRE, 3, 0), (0.2, 0.9), on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
