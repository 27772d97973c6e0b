"""Two dates of one brain: what was put in, made larger or taken out is named so, and noise is not."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.heads import SLAB, Zeros, checkpoint_of, head
from uad_core.pipeline.change import compare_dates
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess import PreprocessConfig, prepare

CONFIG = DetectConfig(threshold=0.62, postprocess=PostprocessConfig("positive", 1, 2.0, 20))
CHECKPOINT = checkpoint_of(Zeros())
STAYS, GROWS, COMES, GOES = (108, 98), (150, 90), (90, 150), (160, 150)  # (h, w) in the middle slices


@pytest.fixture(scope="module")
def prepared():
    return prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=SLAB))


def dated(prepared, balls, seed=None):
    """The brain with balls of (place, radius, grey) in it, seen by a model that draws black."""
    array = prepared.array.copy()
    d, h, w = np.ogrid[: array.shape[0], : array.shape[1], : array.shape[2]]
    for (row, column), radius, grey in balls:
        array[((d - 3) ** 2 + (h - row) ** 2 + (w - column) ** 2 <= radius**2) & prepared.brain_mask] = grey
    if seed is not None:
        noise = np.random.default_rng(seed).normal(0, 0.02, array.shape).astype(np.float32)
        array = np.where(prepared.brain_mask, array + noise, 0)
    return reconstruct(replace(prepared, array=array.astype(np.float32)), CHECKPOINT)


def test_each_region_is_named_by_what_became_of_it(prepared):
    before = dated(prepared, [(GROWS, 3, 0.8), (GOES, 4, 0.8)])
    after = dated(prepared, [(GROWS, 6, 0.8), (COMES, 4, 0.8)])
    found = compare_dates(before, after, CONFIG)
    named = {region.status: region for region in found.regions}
    assert {status: found.count(status) for status in named} == {"new": 1, "enlarged": 1, "resolved": 1, "stable": 1}
    for status, (row, column) in (("new", COMES), ("enlarged", GROWS), ("resolved", GOES), ("stable", STAYS)):
        assert named[status].centre_voxel[1:] == pytest.approx((row, column), abs=1)
        assert found.labels[named[status].centre_voxel] == named[status].number
    assert named["new"].before_mm3 == 0
    assert named["resolved"].after_mm3 == 0
    assert named["enlarged"].after_mm3 > 2 * named["enlarged"].before_mm3
    assert named["new"].grey == pytest.approx(0.3, abs=0.1)  # from 0.5 to 0.8, less at the ball's rim
    assert [region.number for region in found.regions] == [1, 2, 3, 4]
    assert found.regions[-1].status == "stable"
    assert "1 new, 1 enlarged, 0 shrunk, 1 resolved, 1 stable" in found.sentence
    back = compare_dates(after, before, CONFIG)
    assert {s: back.count(s) for s in ("new", "shrunk", "resolved", "stable")} == dict.fromkeys(
        ("new", "shrunk", "resolved", "stable"), 1
    )


def test_a_region_that_crosses_the_threshold_by_noise_alone_is_stable(prepared):
    """Grey 0.62 lies at the threshold: half its voxels are flagged at each date, others each time."""
    same = [(GROWS, 6, 0.62), (COMES, 5, 0.62)]
    found = compare_dates(dated(prepared, same, 1), dated(prepared, same, 2), CONFIG)
    assert len(found.regions) > 1
    assert {region.status for region in found.regions} == {"stable"}


def test_both_dates_are_held_against_the_threshold_of_the_first(prepared):
    before, after = dated(prepared, [], 1), dated(prepared, [(COMES, 6, 0.9)], 2)
    config = replace(CONFIG, threshold=None, false_discovery=20.0)
    found = compare_dates(before, after, config)
    assert found.after.threshold == found.before.threshold


def test_what_one_scan_alone_shows_is_no_change(prepared):
    half = prepared.brain_mask.copy()
    half[:, :, COMES[1] - 12 :] = False
    before = replace(dated(prepared, []), searched=half)
    found = compare_dates(before, dated(prepared, [(COMES, 5, 0.8)]), CONFIG)
    assert found.count("new") == 0
    assert not found.after.mask[:, :, COMES[1] - 12 :].any()


def test_two_models_are_not_compared(prepared):
    other = replace(dated(prepared, []), checkpoint=replace(CHECKPOINT, record=CHECKPOINT.record | {"seed": -1}))
    with pytest.raises(ValueError, match="one model"):
        compare_dates(dated(prepared, []), other, CONFIG)
