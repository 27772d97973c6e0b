"""What gives cause for doubt in a brain: where it ends, and how large it is."""

import numpy as np
import pytest
from scipy import ndimage

from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import Volume
from uad_core.preprocess import PreprocessConfig
from uad_core.preprocess.brain_extraction import strip
from uad_core.preprocess.checks import check_edges, check_rim, check_stretch
from uad_core.preprocess.signal import with_zero


@pytest.mark.parametrize(
    ("levels", "where"), [(slice(0, 110), "above"), (slice(40, None), "below"), (slice(40, 110), "below and above")]
)
def test_a_brain_that_goes_on_beyond_the_scan_is_called_cut_off(levels, where):
    brain, config = template().brain_mask, PreprocessConfig()
    assert check_edges(brain, air_around(brain), config) is None
    assert f"scan's edge {where}:" in check_edges(brain[levels], air_around(brain[levels]), config)


@pytest.mark.parametrize(
    ("cut", "where"),
    [((slice(None), slice(55, None)), "in front"), ((slice(None), slice(0, 180)), "behind"),
     ((slice(None), slice(None), slice(80, None)), "on the right"), ((slice(120, None),), "above")],
)  # fmt: skip
def test_a_brain_that_ends_where_the_signal_was_taken_away_is_called_cut_off(cut, where):
    brain = template().brain_mask
    array = np.where(brain, 2.0, 1.0).astype(np.float32)
    emptied = np.zeros_like(array)
    if where == "above":
        array[cut] = 0
        emptied = array
    else:
        emptied[cut] = array[cut]
    seen = brain & (emptied > 0)
    assert f"scan's edge {where}:" in check_edges(seen, Volume.from_canonical(emptied, np.eye(4)), PreprocessConfig())


def air_around(brain):
    return Volume.from_canonical(np.where(brain, 2.0, 1.0).astype(np.float32), np.eye(4))


def test_a_stripped_brain_that_ends_where_it_ends_is_not_called_cut_off():
    brain = template().brain_mask
    assert check_edges(brain, Volume.from_canonical(brain.astype(np.float32), np.eye(4)), PreprocessConfig()) is None


@pytest.mark.parametrize(("scale", "word"), [(0.75, "smaller"), (1.3, "larger"), (1.05, None)])
def test_a_brain_of_another_size_than_an_adults_is_noticed(scale, word):
    warning = check_stretch(AffineTransform(np.diag([scale, scale, scale, 1])), PreprocessConfig())
    assert warning is None if word is None else f"much {word}" in warning


@pytest.mark.parametrize(
    ("scales", "word"),
    [
        ((1.02, 1.0, 0.82), "flatter"),
        ((1.0, 1.02, 1.2), "higher"),
        ((1.1, 0.92, 1.0), "shorter"),
        ((0.92, 1.1, 1.0), "longer"),
        ((1.0, 0.93, 1.04), None),
    ],
)
def test_a_brain_of_other_proportions_than_an_adults_is_noticed_however_it_lies(scales, word):
    turn = np.deg2rad(20)
    nod = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    matrix = np.eye(4)
    matrix[:3, :3] = nod @ np.diag(scales)
    warning = check_stretch(AffineTransform(matrix), PreprocessConfig())
    assert warning is None if word is None else f"much {word}" in warning


def test_a_brain_mask_that_leaves_out_brain_is_noticed():
    scan, _ = with_zero(read_nifti(SAMPLES / "sub-rawms03_FLAIR.nii.gz"))
    brain = strip(scan)
    inside = ndimage.distance_transform_edt(brain, sampling=scan.spacing_mm)
    assert check_rim(brain, scan) is None
    assert "is left out" in check_rim(inside > 6, scan)
