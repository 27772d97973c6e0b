"""What a hand adds and takes away lies over the mask, whatever the mask beneath is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from tests.support.heads import SLAB, Zeros, checkpoint_of, head
from uad_core.atlas.space import Slab
from uad_core.pipeline import edits as edits_module
from uad_core.pipeline.edits import EditHistory, MaskEdits, edited, region_at, region_voxels, voxels_of
from uad_core.pipeline.grow import grown
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess import PreprocessConfig, prepare

CONFIG = DetectConfig(threshold=0.75, postprocess=PostprocessConfig(median_size=1, min_lesion_mm3=50))
BALL = (2, 108, 98)  # slab voxel (d, h, w) of its middle: atlas (72, 100, 90), padded by 8


@pytest.fixture(scope="module")
def reconstruction():
    prepared = prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=SLAB))
    return reconstruct(prepared, checkpoint_of(Zeros()))


def square(index: int, row: int, column: int, edge: int) -> np.ndarray:
    mask = np.zeros(SLAB.shape, bool)
    mask[index, row : row + edge, column : column + edge] = True
    return mask


def test_painted_voxels_are_in_the_mask_and_make_a_region_drawn_by_hand(reconstruction):
    detected = segment(reconstruction, CONFIG)
    drawn = square(4, 150, 60, 12)
    done = edited(detected, reconstruction, MaskEdits().with_added("paint", voxels_of(drawn, SLAB)))
    np.testing.assert_array_equal(done.mask, detected.mask | drawn)
    by_hand = {lesion.by_hand: round(lesion.volume_mm3) for lesion in done.lesions}
    assert by_hand == {"no": round(detected.lesions[0].volume_mm3), "drawn": 144}
    assert (done.added_ml, done.removed_ml) == (pytest.approx(0.144), 0)
    assert done.flagged_ml == pytest.approx(detected.flagged_ml + 0.144)


def test_a_region_met_by_the_rubber_is_changed_and_one_far_off_is_not(reconstruction):
    detected = segment(reconstruction, CONFIG)
    rubbed = square(2, 96, 98, 24)  # the ball's right half in one slice
    both = MaskEdits().with_added("paint", voxels_of(square(5, 180, 120, 5), SLAB))
    done = edited(detected, reconstruction, both.with_removed("erase", voxels_of(rubbed, SLAB)))
    assert not done.mask[rubbed].any()
    assert [lesion.by_hand for lesion in done.lesions] == ["changed", "drawn"]
    assert done.removed_ml == pytest.approx(np.count_nonzero(detected.mask & rubbed) / 1000)


def test_the_last_deed_wins_in_each_voxel():
    first, second = np.array([5, 6, 7]), np.array([7, 8])
    edits = MaskEdits().with_added("paint", first).with_removed("erase", second)
    assert (edits.added.tolist(), edits.removed.tolist()) == ([5, 6], [7, 8])
    again = edits.with_added("paint", second)
    assert (again.added.tolist(), again.removed.tolist()) == ([5, 6, 7, 8], [])
    assert again.deeds == ("paint", "erase", "paint")


def test_a_deleted_region_stays_away_when_a_lower_threshold_makes_it_larger(reconstruction):
    small = segment(reconstruction, CONFIG)
    large = replace(small, mask=ndimage.binary_dilation(small.mask))  # as a lower threshold would have it
    number = region_at(small, BALL)
    gone = MaskEdits().with_removed("delete", region_voxels(small, SLAB, number), whole=True)
    for at in (small, large):
        done = edited(at, reconstruction, gone)
        assert not done.mask[1:4, 100:116, 90:106].any()
    rubbed = MaskEdits().with_removed("erase", region_voxels(small, SLAB, number))
    assert edited(large, reconstruction, rubbed).mask.any()  # the rubber takes voxels, no more


def test_edits_of_other_levels_change_nothing_here_and_all_are_there_on_the_whole_brain(reconstruction):
    elsewhere = np.zeros((3, 256, 256), bool)
    elsewhere[:, 100:110, 100:110] = True
    edits = MaskEdits().with_added("paint", voxels_of(elsewhere, Slab(10, 3)))
    detected = segment(reconstruction, CONFIG)
    assert edited(detected, reconstruction, edits) is detected
    assert edits.added[0] == 10 * 65536 + 100 * 256 + 100


def test_one_goes_back_deed_by_deed_and_what_is_kept_is_bounded(monkeypatch):
    first = MaskEdits().with_added("paint", np.arange(10))
    history = EditHistory().then(first).then(first.with_removed("erase", np.arange(5)))
    assert history.back().now is first
    assert not history.back().back().back().back().now
    monkeypatch.setattr(edits_module, "MOST_BYTES", 100_000)
    for number in range(50):
        history = history.then(history.now.with_added("paint", np.arange(number * 1000, number * 1000 + 1000)))
    assert history.now.added.size == 50_000  # what stands is never let go
    assert sum(state.size_bytes for state in history.states[:-1]) <= 100_000


def test_all_other_regions_go_where_one_is_to_stay(reconstruction):
    drawn = MaskEdits().with_added("paint", voxels_of(square(4, 150, 60, 12) | square(0, 60, 60, 8), SLAB))
    three = edited(segment(reconstruction, CONFIG), reconstruction, drawn)
    assert len(three.lesions) == 3
    others = region_voxels(three, SLAB, 2, others=True)
    assert others.size == np.count_nonzero(three.mask) - 144
    assert region_at(three, (4, 155, 65)) == 2
    assert region_at(three, (5, 10, 10)) == 0


def test_a_click_into_a_bright_ball_grows_to_the_ball_and_into_even_tissue_to_nothing(reconstruction):
    prepared = reconstruction.prepared
    ball = prepared.array > 0.75  # grey 170 among 100: the half between lies at 0.68
    found = grown(prepared, BALL)
    assert np.count_nonzero(found & ball) > 0.95 * np.count_nonzero(ball)
    assert np.count_nonzero(found) < 1.3 * np.count_nonzero(ball)
    assert not grown(prepared, (5, 140, 140)).any()
    assert not grown(prepared, (0, 0, 0)).any()  # outside the brain
