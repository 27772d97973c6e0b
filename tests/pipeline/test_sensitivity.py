"""Lesions put into a scan: as large and as bright as was said, and found exactly where the threshold says."""

import numpy as np
import pytest

from tests.support.heads import Zeros, checkpoint_of, head
from uad_core.atlas.space import Slab
from uad_core.io.volume import ScanError
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.pipeline.sensitivity import SIZES_MM3, InsertedLesion, Sensitivity, _shared_out, measure_sensitivity
from uad_core.pipeline.soft_lesion import VoxelGrid, soft_lesion
from uad_core.preprocess import PreprocessConfig, prepare

SLAB = Slab(66, 20)
POST = PostprocessConfig(median_size=1, min_lesion_mm3=0)


@pytest.fixture(scope="module")
def reconstruction():
    """A brain of 0.5 all over, but for a bright ball, seen by a model that draws black: the residual is the grey."""
    prepared = prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=SLAB))
    return reconstruct(prepared, checkpoint_of(Zeros(), SLAB))


def test_what_is_brighter_than_the_threshold_is_found_and_nothing_else(reconstruction):
    """Tissue lies at 0.5: 15 % brighter is 0.575 and 30 % 0.65, on either side of 0.61."""
    found = measure_sensitivity(reconstruction, DetectConfig(threshold=0.61, postprocess=POST))
    assert len(found.lesions) >= 25
    assert not any(one.found for one in found.lesions if one.contrast_percent == 15)
    assert all(one.found for one in found.lesions if one.contrast_percent > 15 and one.volume_mm3 >= 100)
    assert all(SLAB.first <= one.level < SLAB.first + SLAB.count for one in found.lesions)
    assert "and 30 % brighter" in found.sentence


def test_what_was_flagged_before_is_not_found(reconstruction):
    """All of the brain is flagged at 0.3: there is no healthy place left to put a lesion."""
    with pytest.raises(ScanError, match="too little healthy tissue"):
        measure_sensitivity(reconstruction, DetectConfig(threshold=0.3, postprocess=POST))


@pytest.mark.parametrize("count", [2, 3])
def test_thirty_lesions_are_shared_out_evenly(count):
    rounds = _shared_out(count)
    assert [len(one) for one in rounds] == [30 // count] * count
    assert all({size for size, _ in one} == set(SIZES_MM3) for one in rounds)
    assert all(len({contrast for _, contrast in one}) == 3 for one in rounds)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (6.0, 0.9, 0.9), (3.0, 1.0, 0.5)])
@pytest.mark.parametrize("volume", [100.0, 3000.0])
def test_a_soft_lesion_takes_its_volume_whatever_the_voxels_are(spacing, volume):
    grid = VoxelGrid(tuple(int(60 / one) for one in spacing), spacing)
    centre = np.array(grid.shape) / 2 + (0.3, 0.1, 0.4)
    for seed in range(5):
        box, share = soft_lesion(grid, centre, volume, np.random.default_rng(seed))
        assert share.sum() * np.prod(spacing) == pytest.approx(volume, rel=0.03)
        assert share.shape == tuple(one.stop - one.start for one in box)
        assert 0 <= share.min() <= share.max() <= 1


def test_the_sentence_names_the_largest_field_that_is_found_for_certain():
    def all_of(found):
        pairs = [(size, contrast) for size in SIZES_MM3 for contrast in (15.0, 30.0, 50.0) for _ in range(2)]
        return Sensitivity(tuple(InsertedLesion(*pair, 80, found(*pair)) for pair in pairs))

    some = all_of(lambda size, contrast: size >= 300 and contrast >= 30)
    assert "larger than 300 mm³ and 30 % brighter than the tissue around it (12 of 12)" in some.sentence
    assert "of all 30 put in it finds 12" in some.sentence
    assert "none of the sizes and contrasts reliably" in all_of(lambda size, contrast: False).sentence
    assert some.counts(300.0, 30.0) == (2, 2)
    assert some.record()["Lesions"][0] == {"VolumeMm3": 30.0, "ContrastPercent": 15.0, "Level": 80, "Found": False}
