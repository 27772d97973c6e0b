"""Skull stripping of real heads, beside the project where there are any: no made head is real enough."""

import numpy as np
import pytest
from scipy import ndimage

from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess import PreprocessConfig, infer_config, prepare
from uad_core.preprocess.brain_extraction import strip

# Dice with the masks that come with the data; that of 104252 covers half the brain only.
MANUAL = {"thick101228": 0.94, "thick110218": 0.88}


@pytest.mark.parametrize("name", MANUAL)
def test_the_brain_of_a_real_head_is_found_in_one_piece(shared_data, name):
    scan = read_nifti(shared_data / "heads" / f"{name}_FLAIR.nii.gz")
    manual = read_mask(shared_data / "heads" / f"{name}_brainmask.nii.gz", scan)
    brain = strip(scan)
    assert brain.dtype == bool
    assert brain.shape == scan.shape
    assert 2 * (brain & manual).sum() / (brain.sum() + manual.sum()) > MANUAL[name]
    assert ndimage.label(brain, np.ones((3, 3, 3)))[1] == 1


def test_a_real_head_goes_through_the_whole_chain_without_a_warning(shared_data):
    scan = read_nifti(shared_data / "heads" / "ms03_raw_FLAIR.nii.gz")
    prepared = prepare(scan, infer_config(scan)[0])
    assert prepared.warnings == ()
    assert 0.48 < np.median(prepared.array[prepared.brain_mask]) < 0.51


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_where_there_is_no_brain_there_is_an_error(value):
    plain = Volume.from_canonical(np.full((24, 32, 32), value, np.float32), np.eye(4)[[2, 1, 0, 3]] * 6)
    with pytest.raises(ScanError) as error:
        prepare(plain, PreprocessConfig())
    assert error.value.code == "strip_failed"
