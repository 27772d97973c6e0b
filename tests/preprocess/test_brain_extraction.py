"""Skull stripping: of the bundled scans, and of real heads beside the project where there are any."""

import hashlib

import numpy as np
import pytest
from scipy import ndimage

from uad_core import versions
from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess import PreprocessConfig, brain_extraction, infer_config, prepare
from uad_core.preprocess.brain_extraction import filled, strip

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
    prepared = prepare(scan, infer_config(scan))
    assert prepared.warnings == ()
    assert 0.48 < np.median(prepared.array[prepared.brain_mask]) < 0.51


@pytest.mark.parametrize(
    ("subject", "voxels"),
    [("healthy01", 1400674), ("ms01", 1275126), ("ms02", 1348697), ("rawms03", 613721)],
)
def test_the_bundled_scans_get_the_masks_that_the_package_deepbet_gives(subject, voxels):
    """Counted with deepbet 1.0.2 itself; another processor may round the probability of a few voxels otherwise."""
    scan = read_nifti(SAMPLES / f"sub-{subject}_FLAIR.nii.gz")
    assert strip(scan).sum() == pytest.approx(voxels, rel=1e-4)


def test_holes_are_filled_as_scipy_fills_them():
    mask = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((30, 40, 50)), 1.5) > -0.02
    expected = ndimage.binary_fill_holes(mask)
    assert expected.sum() > mask.sum()
    np.testing.assert_array_equal(filled(mask), expected)


def test_damaged_weights_are_refused_in_a_sentence(tmp_path, monkeypatch):
    damaged = bytearray(brain_extraction.WEIGHTS.read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "weights").write_bytes(damaged)
    monkeypatch.setattr(brain_extraction, "WEIGHTS", tmp_path / "weights")
    brain_extraction._networks.cache_clear()
    with pytest.raises(ScanError, match="weights for skull stripping are damaged"):
        strip(Volume.from_canonical(np.ones((9, 9, 9), np.float32), np.eye(4)))


def test_the_record_of_versions_names_the_weights():
    sha256 = hashlib.sha256(brain_extraction.WEIGHTS.read_bytes()).hexdigest()
    assert versions()["deepbet"] == f"1.0.2, weights sha256 {sha256[:16]}"


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_where_there_is_no_brain_there_is_an_error(value):
    plain = Volume.from_canonical(np.full((24, 32, 32), value, np.float32), np.eye(4)[[2, 1, 0, 3]] * 6)
    with pytest.raises(ScanError) as error:
        prepare(plain, PreprocessConfig())
    assert error.value.code == "strip_failed"
