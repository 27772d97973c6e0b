"""Where a region lies: tissue and side by hand-made cases, and fast enough for a slider."""

from time import perf_counter

import nibabel as nib
import numpy as np
import pytest

from tests.support.heads import CONFIG, run, small_head
from uad_core.atlas import location as module
from uad_core.atlas.location import OUTSIDE, PERIVENTRICULAR, Location, locate
from uad_core.atlas.space import ATLAS_SHAPE, PAPER_SLAB, Slab
from uad_core.atlas.template import TISSUES, Atlas, template

PAD = 8  # of a slab's rows and columns around the atlas's
SLAB = Slab(10, 40)
CSF, VENTRICLES, CORTEX, WHITE = 1, 2, 3, 4


def region(*points: tuple[int, int, int], slab: Slab = SLAB) -> Location:
    """The place of one region of these atlas voxels."""
    d, h, w = np.array(points).T
    (location,) = locate((d - slab.first, h + PAD, w + PAD), np.zeros(len(points), int), slab)
    return location


@pytest.fixture
def made_up_atlas(monkeypatch):
    """White matter with one voxel of ventricle at (30, 100, 60), cortex from row 150 on, nothing from row 200 on."""
    tissues = np.full(ATLAS_SHAPE, WHITE, np.uint8)
    tissues[:, 150:] = CORTEX
    tissues[:, 200:] = 0
    tissues[30, 100, 60] = VENTRICLES
    atlas = Atlas(template().flair, tissues)
    monkeypatch.setattr(module, "template", lambda: atlas)
    module._map.cache_clear()
    yield
    module._map.cache_clear()


@pytest.mark.usefixtures("made_up_atlas")
class TestInAMadeUpAtlas:
    @pytest.mark.parametrize(
        ("offset", "name"),
        [
            ((0, 3, 4), PERIVENTRICULAR),  # 5 mm: the limit itself
            ((0, 0, -5), PERIVENTRICULAR),
            ((5, 0, 0), PERIVENTRICULAR),
            ((0, 4, 4), "white matter"),  # 5.7 mm
            ((1, 3, 4), "white matter"),  # 5.1 mm
        ],
    )
    def test_white_matter_within_5_mm_of_the_ventricles_is_periventricular(self, offset, name):
        assert region(tuple(np.array((30, 100, 60)) + offset)).name == name

    def test_one_voxel_near_the_ventricles_is_enough_for_a_region_of_white_matter(self):
        assert region(*((30, row, 60) for row in range(105, 140))).name == PERIVENTRICULAR
        assert region(*((30, row, 60) for row in range(106, 140))).name == "white matter"

    def test_most_voxels_decide_on_the_tissue(self):
        assert region(*((30, row, 60) for row in range(140, 161))).name == "cortex"  # 10 of white matter, 11 of cortex
        assert region(*((30, row, 60) for row in range(140, 159))).name == "white matter"

    def test_tissues_are_named_with_their_shares_from_a_tenth_on(self):
        assert region(*((30, row, 60) for row in range(141, 161))).tissues == "cortex 55 %, white matter 45 %"
        assert region(*((30, row, 60) for row in range(131, 151))).tissues == "white matter"  # and 5 % of cortex
        mixed = region(*((30, row, 60) for row in range(101, 161)))
        assert mixed.tissues == f"{PERIVENTRICULAR} 82 %, cortex 18 %"
        assert region((30, 220, 60)).tissues == OUTSIDE

    def test_what_lies_beyond_the_brain_or_the_atlas_is_said_to(self):
        assert region((30, 220, 60)).name == OUTSIDE
        assert region((30, -PAD, -PAD)).name == OUTSIDE

    def test_left_is_above_the_midline_column_and_a_tenth_on_the_other_side_makes_both(self):
        assert region(*((30, 50, w) for w in range(120, 140))).side == "left"
        assert region(*((30, 50, w) for w in range(100, 119))).side == "right"
        assert region(*((30, 50, w) for w in range(118, 129))).side == "left"  # 1 right, 9 left, 1 in the middle
        assert region(*((30, 50, w) for w in range(117, 129))).side == "both"  # 2 right, 9 left
        assert region((30, 50, 119)).side == "both"

    def test_regions_are_kept_apart(self):
        voxels = tuple(np.array([(20, 58, 40), (20, 178, 200), (20, 58, 41)]).T)
        assert locate(voxels, np.array([1, 0, 1]), SLAB) == (
            Location("cortex", "left", "cortex"),
            Location("white matter", "right", "white matter"),
        )

    def test_no_voxel_is_no_place(self):
        assert locate((np.zeros(0, int),) * 3, np.zeros(0, int), SLAB) == ()


def test_the_midline_is_where_the_template_mirrors_itself():
    tissues, columns = template().tissues[60:110], np.arange(ATLAS_SHAPE[2])

    def difference(doubled: int) -> float:
        mirrored = tissues[:, :, (doubled - columns).clip(0, ATLAS_SHAPE[2] - 1)]
        return float((mirrored != tissues)[tissues > 0].mean())

    assert min(range(234, 243), key=difference) == 2 * module.MIDLINE


def test_the_side_is_the_patients_in_a_file_whose_first_axis_grows_to_the_right(tmp_path):
    """Brain from voxel 14 to 46 along i: voxel 24 is the patient's left, 37 the right, as nibabel reads the axes."""
    image = small_head()
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    across = np.flatnonzero(np.asanyarray(image.dataobj).any(axis=(1, 2)))
    assert 24 < (across[0] + across[-1]) / 2 < 37
    first, second = run(tmp_path / "scan.nii.gz", image, tmp_path / "out", CONFIG).segmentation.lesions
    middle = (across[0] + across[-1]) / 2 * 4 - 239
    assert (first.side, first.centre_mm[0] < middle) == ("left", True)
    assert (second.side, second.centre_mm[0] > middle) == ("right", True)
    assert first.place in (*TISSUES.values(), PERIVENTRICULAR)


def test_fifty_regions_are_placed_within_5_ms():
    rng = np.random.default_rng(0)
    voxels = (rng.integers(0, 20, 10_000), rng.integers(50, 200, 10_000), rng.integers(70, 190, 10_000))
    regions = np.sort(rng.integers(0, 50, 10_000))
    assert len(locate(voxels, regions, PAPER_SLAB)) == 50
    times = []
    for _ in range(9):
        started = perf_counter()
        locate(voxels, regions, PAPER_SLAB)
        times.append(perf_counter() - started)
    assert min(times) < 0.005
