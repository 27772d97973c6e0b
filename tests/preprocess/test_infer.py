"""What a scan is found to have behind it."""

import numpy as np
import pytest

from uad_core.atlas.space import ATLAS_AFFINE
from uad_core.atlas.template import template
from uad_core.io.nifti import read_nifti
from uad_core.io.volume import Volume
from uad_core.preprocess import infer_config, inspect_scan

MNI_LIKE = np.array([[0, 0, -2, 90], [0, -2, 0, 91], [2, 0, 0, -72], [0, 0, 0, 1.0]])


def ellipsoids(shape, spacing, *radii_and_values):
    """(D, H, W) with nested ellipsoids, outermost first: (radius along D, H, W in mm, grey value)."""
    axes = np.ogrid[tuple(slice(-(n - 1) / 2, n / 2, 1) for n in shape)]
    array = np.zeros(shape, np.float32)
    for radii, value in radii_and_values:
        array[sum((axis * spacing / radius) ** 2 for axis, radius in zip(axes, radii, strict=True)) <= 1] = value
    return array


def stripped():
    return ellipsoids((91, 109, 91), 2.0, ((60, 80, 65), 100))


def head(noise=0.0):
    array = ellipsoids((91, 109, 91), 2.0, ((80, 100, 85), 150), ((75, 95, 80), 10), ((60, 80, 65), 100))
    return array + noise * np.random.default_rng(0).random(array.shape, dtype=np.float32)


@pytest.mark.parametrize("noise", [0.0, 5.0], ids=["black background", "noisy background"])
def test_a_whole_head_is_stripped_and_registered(noise):
    config = infer_config(Volume.from_canonical(head(noise), MNI_LIKE))
    assert (config.strip, config.register) == (True, True)


def test_a_few_slices_of_a_head_hold_no_more_than_a_brain_does_and_are_told_by_their_dark_skull():
    few = Volume.from_canonical(head()[30:60], MNI_LIKE)
    assert inspect_scan(few).foreground_ml < 2300
    assert infer_config(few).strip


def test_a_stripped_scan_in_another_space_is_registered_only():
    config = infer_config(Volume.from_canonical(stripped(), MNI_LIKE))
    assert (config.strip, config.register) == (False, True)


@pytest.mark.parametrize("background", [-1.0, 7.0])
def test_a_background_may_have_any_value(background):
    volume = Volume.from_canonical(np.where(stripped() > 0, 100, background), MNI_LIKE)
    assert inspect_scan(volume).background == pytest.approx(np.mean(stripped() == 0))


def test_a_stripped_scan_on_the_atlas_grid_needs_neither():
    config = infer_config(template().flair)
    assert (config.strip, config.register) == (False, False)


def test_the_same_grid_elsewhere_in_the_world_is_registered():
    elsewhere = ATLAS_AFFINE.copy()
    elsewhere[0, 3] += 10
    assert infer_config(Volume.from_canonical(template().flair.array, elsewhere)).register


def test_the_real_scans_are_told_apart(shared_data):
    for path in sorted((shared_data / "heads").glob("*_FLAIR.nii.gz")):
        config = infer_config(read_nifti(path))
        assert (config.strip, config.register) == (True, True), path.name
    for path in sorted((shared_data / "mslub").glob("*_FLAIR.nii.gz")):
        config = infer_config(read_nifti(path))
        assert (config.strip, config.register) == (False, True), path.name
