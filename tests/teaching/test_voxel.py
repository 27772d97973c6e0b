"""One voxel's story: the same verdict as the fast chain, with numbers that a class can follow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.support.small_scans import reconstruction_of
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig, residual
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.teaching import default_voxel, explain


def setting(threshold=0.35, **post) -> DetectConfig:
    return DetectConfig(threshold=threshold, postprocess=PostprocessConfig(**post))


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(2, 6)),
    seed=st.integers(0, 2**32 - 1),
    post=st.builds(
        PostprocessConfig,
        signed=st.sampled_from(SIGNS),
        median_size=st.sampled_from(MEDIAN_SIZES),
        erosion_mm=st.sampled_from([0.0, 1.0]),
        min_lesion_mm3=st.sampled_from([0.0, 1.0, 2.0, 2.5, 6.0]),
    ),
    threshold=st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.3, 0.5]),
)
@settings(max_examples=150, deadline=None)
def test_the_story_agrees_with_the_fast_chain_in_every_voxel(shape, seed, post, threshold):
    rng = np.random.default_rng(seed)
    scan, drawn = np.round(rng.random((2, *shape)), 1)  # coarse, so that residuals meet the threshold
    brain = rng.random(shape) < 0.9
    searched = brain & (rng.random(shape[0]) < 0.8)[:, None, None]
    reconstruction = reconstruction_of(scan, drawn, brain, searched)
    config = DetectConfig(threshold=threshold, postprocess=post)
    mask = segment(reconstruction, config).mask
    told = [explain(reconstruction, config, (d, h, w)) for d, h, w in np.ndindex(*shape)]
    np.testing.assert_array_equal(np.reshape([voxel.step == "flagged" for voxel in told], shape), mask)
    medians = ndimage.median_filter(residual(scan, drawn, post.signed), post.median_size)
    np.testing.assert_array_equal(np.float32([voxel.median for voxel in told]).reshape(shape), medians)


def test_the_numbers_of_the_lesson_come_out():
    scan, drawn = np.full((5, 9, 9), 0.5), np.full((5, 9, 9), 0.45)
    scan[2, 4, 4], drawn[2, 4, 4] = 0.82, 0.31
    voxel = explain(reconstruction_of(scan, drawn), setting(median_size=1, min_lesion_mm3=1), (2, 4, 4))
    assert (voxel.scan, voxel.reconstruction) == (pytest.approx(0.82), pytest.approx(0.31))
    assert voxel.residual == voxel.median == pytest.approx(0.51)
    assert voxel.step == "flagged"
    assert voxel.percentile == pytest.approx(51)  # healthy residuals are even over [0, 1]
    alone = explain(reconstruction_of(scan, drawn), setting(median_size=3), (2, 4, 4))
    assert (alone.residual, alone.median) == (pytest.approx(0.51), pytest.approx(0.05))
    assert (alone.above, alone.needed, alone.step) == (1, 14, "median")
    assert alone.verdict.startswith("Not flagged: 1 of 27 neighbours")
    np.testing.assert_allclose(alone.ordered, [0.05] * 26 + [0.51], atol=1e-6)


def test_a_voxel_that_is_too_dark_counts_in_the_absolute_residual_only():
    reconstruction = reconstruction_of(np.full((1, 5, 5), 0.1), np.full((1, 5, 5), 0.5))
    absolute, positive = (explain(reconstruction, setting(signed=signed), (0, 2, 2)) for signed in SIGNS)
    assert absolute.difference == positive.difference == pytest.approx(-0.4)
    assert absolute.residual == pytest.approx(0.4)
    assert positive.residual == 0


def test_the_step_that_decided_is_the_first_that_was_not_passed():
    scan, drawn = np.ones((3, 12, 12)), np.zeros((3, 12, 12))
    brain = np.ones(scan.shape, bool)
    brain[:, 0] = False
    searched = brain.copy()
    searched[2] = False
    scan[:, 6:] = 0
    reconstruction = reconstruction_of(scan, drawn, brain, searched)
    steps = {
        (0, 0, 5): "outside",
        (2, 4, 5): "levels",
        (0, 1, 5): "rim",
        (0, 10, 5): "rim",  # of the picture: what lies beyond it counts as outside
        (0, 8, 5): "median",
        (0, 4, 5): "flagged",
    }
    config = setting(median_size=3)
    assert {voxel: explain(reconstruction, config, voxel).step for voxel in steps} == steps
    small = explain(reconstruction, setting(median_size=3, min_lesion_mm3=500), (0, 4, 5))
    assert small.step == "size"
    assert small.component_voxels == 2 * 3 * 8  # levels 0 and 1, rows 3 to 5, columns 2 to 9


def test_a_voxel_outside_the_slab_is_an_error():
    reconstruction = reconstruction_of(np.ones((1, 4, 4)), np.zeros((1, 4, 4)))
    with pytest.raises(IndexError, match="outside the slab"):
        explain(reconstruction, setting(), (1, 0, 0))


def test_the_first_voxel_shown_is_the_most_unusual_one_of_the_mask():
    scan, drawn = np.full((3, 12, 12), 0.5), np.full((3, 12, 12), 0.5)
    scan[1, 4:8, 4:8] = 0.9
    scan[1, 5, 6] = 1.0
    scan[0, 11, 11] = 1.2  # brighter, on the rim: not in the mask
    reconstruction = reconstruction_of(scan, drawn)
    config = setting(threshold=0.2, median_size=1)
    assert default_voxel(reconstruction, segment(reconstruction, config), "absolute") == (1, 5, 6)
    empty = setting(threshold=1.0, median_size=1)
    assert default_voxel(reconstruction, segment(reconstruction, empty), "absolute") == (0, 11, 11)
