"""Where to look: the score is lowered where the user does not, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.small_scans import prepared_of, reconstruction_of
from uad_core.atlas.space import PAPER_SLAB
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.detect.from_file import summary
from uad_core.io.volume import ScanError
from uad_core.pipeline.look import SENTENCES, lowered, weights
from uad_core.pipeline.postprocess import LOOKS, PostprocessConfig
from uad_core.pipeline.segment import DetectConfig, segment

BRIGHT = np.full((3, 256, 256), 0.8, np.float32)


def flagged(look, look_mask=None):
    reconstruction = reconstruction_of(BRIGHT, np.zeros_like(BRIGHT))
    prepared = replace(reconstruction.prepared, look_mask=look_mask)
    post = PostprocessConfig(median_size=1, erosion_mm=0, min_lesion_mm3=0, look=look)
    return segment(replace(reconstruction, prepared=prepared), DetectConfig(threshold=0.4, postprocess=post))


def test_everywhere_is_the_residual_itself():
    assert weights("everywhere", prepared_of(BRIGHT)) is None
    assert flagged("everywhere").mask.all()


def test_white_matter_disease_is_looked_for_deep_in_the_brain_and_not_in_the_cortex():
    prepared = prepared_of(BRIGHT)
    tissues = template().tissues_in(prepared.slab)
    weight = weights("white-matter", prepared)
    assert 0 <= weight.min() <= weight.max() <= 1
    mean = {name: weight[tissues == code].mean() for name, code in TISSUE_CODES.items() if (tissues == code).any()}
    assert mean["white matter"] > 0.75 > 0.45 > mean["cortex"]
    mask = flagged("white-matter").mask
    np.testing.assert_array_equal(mask, np.float32(0.8) * weight > np.float32(0.4))


def test_of_a_probability_the_odds_are_weighed_so_that_what_is_certain_stays_where_lesions_are_rare():
    values = np.array([0.0, 0.5, 0.96, 1.0, 1.0], np.float32)
    weight = np.array([0.25, 0.25, 0.25, 0.25, 0.0], np.float32)
    np.testing.assert_allclose(lowered(values, weight, probable=True), [0, 0.2, 6 / 7, 1, 0], rtol=1e-5)
    np.testing.assert_allclose(lowered(values, weight, probable=False), [0, 0.125, 0.24, 0.25, 0])
    np.testing.assert_array_equal(lowered(values, np.ones(5, np.float32), probable=True), values)
    rare = np.linspace(0, 0.05, 1001, dtype=np.float32)
    assert lowered(np.ones_like(rare), rare, probable=True).max() <= 1
    plain = reconstruction_of(BRIGHT, np.zeros_like(BRIGHT))
    scored = replace(plain, score=np.stack([BRIGHT, 0 * BRIGHT]))
    weight = weights("white-matter", plain.prepared)
    for one, probable in ((plain, False), (scored, True)):
        found = one.weighted("positive", "white-matter")
        np.testing.assert_array_equal(found, lowered(BRIGHT, weight, probable))


def test_only_the_users_mask_is_flagged_where_that_is_asked_for():
    look_mask = np.zeros(BRIGHT.shape, bool)
    look_mask[1, 100:110, 90:95] = True
    np.testing.assert_array_equal(flagged("own-mask", look_mask).mask, look_mask)


@pytest.mark.parametrize("look_mask", [None, np.zeros(BRIGHT.shape, bool)])
def test_a_mask_that_is_missing_or_meets_no_brain_is_refused(look_mask):
    with pytest.raises(ScanError, match="mask to look within"):
        flagged("own-mask", look_mask)


@pytest.mark.parametrize("look", LOOKS)
def test_what_was_left_out_is_said_beside_the_mask(look):
    said = summary(replace(flagged(look, np.ones(BRIGHT.shape, bool)), near_rim=False))
    assert said.endswith(SENTENCES[look])
    assert ("at most" in said) == (look != "everywhere")


def test_the_weights_lie_at_the_levels_of_the_slab():
    prepared = prepared_of(BRIGHT)
    paper = replace(prepared, config=replace(prepared.config, slab=PAPER_SLAB))
    first = prepared.slab.first - PAPER_SLAB.first
    np.testing.assert_array_equal(weights("white-matter", paper)[first : first + 3], weights("white-matter", prepared))


def test_an_unknown_place_is_refused():
    with pytest.raises(ValueError, match="look"):
        PostprocessConfig(look="cortex")
