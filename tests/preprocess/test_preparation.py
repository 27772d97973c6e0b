"""The chain as a whole, on the project's own template as a scan; what fails must say so."""

from dataclasses import replace

import numpy as np
import pytest
from nibabel.orientations import apply_orientation, inv_ornt_aff
from scipy import ndimage
from scipy.spatial.transform import Rotation

from uad_core.atlas.space import ATLAS_AFFINE, PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import write_nifti
from uad_core.io.volume import ScanError, SourceGrid, Volume
from uad_core.preprocess import PreprocessConfig, prepare
from uad_core.preprocess.from_file import PrepareOptions, load_atlas, prepare_scan
from uad_core.preprocess.second_scan import prepare_second
from uad_core.preprocess.slab import resample

SHOWN = PreprocessConfig(strip=False, register=False)  # a scan that lies in atlas space, stripped
STRIPPED = PreprocessConfig(strip=False)


@pytest.fixture(scope="module")
def textured():
    """The template with texture, so that no two places look alike."""
    flair, rng = template().flair, np.random.default_rng(0)
    texture = ndimage.gaussian_filter(rng.normal(size=flair.shape).astype(np.float32), 2)
    return replace(flair, array=np.where(template().brain_mask, np.maximum(flair.array * (1 + 2 * texture), 1), 0))


@pytest.fixture(scope="module")
def patient(textured):
    """The same brain as another scanner sees it: turned, smaller, 2 x 2 x 4 mm, far from the atlas's world."""
    to_atlas = np.eye(4)
    to_atlas[:3, :3] = Rotation.from_euler("xyz", (9, -3, 5), degrees=True).as_matrix() * 1.06
    to_atlas[:3, 3] = (-119, 118, 74)
    affine = np.array([[0, 0, -2, 90], [0, -2, 0, 105], [4, 0, 0, -80], [0, 0, 0, 1.0]])
    voxel_map = np.linalg.inv(ATLAS_AFFINE) @ to_atlas @ affine
    return Volume.from_canonical(resample(textured.array, AffineTransform(voxel_map), (40, 105, 90), order=1), affine)


@pytest.fixture(scope="module")
def registered(patient):
    return prepare(patient, STRIPPED)


def corr(one, other, mask):
    return np.corrcoef(one[mask], other[mask])[0, 1]


def test_a_scan_in_atlas_space_comes_out_as_it_went_in(textured):
    prepared = prepare(textured, replace(SHOWN, denoise_iterations=0, shading=False))
    brain = textured.array[PAPER_SLAB.first : PAPER_SLAB.first + PAPER_SLAB.count]
    median = np.median(brain[brain > 0])
    level = np.median(brain[brain > 0.6 * median])
    expected = np.clip(brain * (0.5 / level), 0, 1)
    np.testing.assert_allclose(prepared.array[:, 8:248, 8:248], expected, atol=1e-5)
    np.testing.assert_array_equal(prepared.brain_mask[:, 8:248, 8:248], brain > 0)
    assert prepared.warnings == ()


def test_a_turned_scan_is_brought_to_the_atlas(textured, registered):
    prepared = registered
    still = prepare(textured, SHOWN)
    both = ndimage.binary_erosion(prepared.brain_mask & still.brain_mask, iterations=3)
    assert corr(prepared.array, still.array, both) > 0.85
    assert 2 * (prepared.brain_mask & still.brain_mask).sum() > 0.97 * (
        prepared.brain_mask.sum() + still.brain_mask.sum()
    )
    assert [step.name for step in prepared.steps] == ["strip", "register", "shading", "slab", "denoise", "normalise"]
    assert prepared.warnings == ()


def test_flipped_and_permuted_axes_give_the_same_slab_to_the_last_bit(patient, registered):
    data = patient.to_source(patient.array)
    for order, signs in (((2, 0, 1), (-1, 1, -1)), ((1, 0, 2), (1, -1, 1))):
        turn = np.column_stack([order, signs])
        turned = apply_orientation(data, turn)
        grid = SourceGrid(turned.shape, patient.source.affine @ inv_ornt_aff(turn, data.shape))
        prepared = prepare(Volume.from_source(turned, grid), STRIPPED)
        np.testing.assert_array_equal(prepared.array, registered.array)
        np.testing.assert_array_equal(prepared.brain_mask, registered.brain_mask)


def test_a_level_looks_the_same_whichever_slab_it_is_cut_with(textured):
    paper = prepare(textured, SHOWN)
    other = prepare(textured, replace(SHOWN, slab=Slab(PAPER_SLAB.first + 5, 3)))
    np.testing.assert_array_equal(other.array, paper.array[5:8])


def test_scalp_left_behind_changes_a_level_no_more_in_one_slab_than_in_another(textured, monkeypatch):
    """What the stripper left beyond the atlas's brain has no say in the grey values of any slab."""
    scalp = np.zeros(textured.shape, bool)
    scalp[65:95, 20:35, 100:140] = True  # before the frontal pole, at the paper's levels
    scalp &= ~ndimage.binary_dilation(template().brain_mask, iterations=5)
    assert scalp.sum() > 1000
    head = replace(textured, array=np.where(scalp, 3 * textured.array.max(), textured.array).astype(np.float32))
    monkeypatch.setattr("uad_core.preprocess.brain_extraction.strip", lambda scan: template().brain_mask | scalp)
    asked = PreprocessConfig(register=False, shading=False)
    paper, other = prepare(head, asked), prepare(head, replace(asked, slab=Slab(PAPER_SLAB.first + 5, 3)))
    np.testing.assert_array_equal(other.array, paper.array[5:8])
    np.testing.assert_array_equal(other.brain_mask, paper.brain_mask[5:8])


def test_what_looked_stripped_and_was_a_head_is_stripped_and_registered_at_either_date(textured, monkeypatch):
    asked = []

    def first_fails(scan, config, mask=None, atlas=None, on_progress=None):
        asked.append(config)
        if not config.strip:
            raise ScanError("registration_failed", "no brain")
        return prepare(scan, replace(SHOWN, slab=config.slab), mask, atlas, on_progress)

    monkeypatch.setattr("uad_core.preprocess.from_file.prepare", first_fails)
    first = prepare_scan(textured, WHOLE_BRAIN, PrepareOptions(), lambda step, share: None)
    prepare_second(textured, first, PAPER_SLAB, PrepareOptions(), lambda step, share: None)
    assert [config.strip for config in asked] == [False, True, False, True]
    assert [config.register for config in asked] == [False, True, True, True]


def test_a_mark_on_the_slab_lands_on_the_same_anatomy_of_the_scan(patient, registered):
    prepared = registered
    ball = np.zeros(prepared.slab.shape, bool)
    ball[4:13, 96:105, 146:155] = True
    back = prepared.to_scan(ball, order=0)
    assert back.dtype == bool
    there = patient.affine @ np.append(np.argwhere(back).mean(axis=0), 1)
    here = prepared.slab.affine @ np.array([8, 100, 150, 1])
    np.testing.assert_allclose(prepared.transform.apply(here[None, :3])[0], there[:3], atol=1.0)
    volume = back.sum() * patient.voxel_mm3
    assert volume == pytest.approx(9**3 * abs(np.linalg.det(prepared.transform.matrix)), rel=0.15)
    linear = prepared.to_scan(prepared.array, order=1)
    assert linear.shape == patient.shape
    assert linear.dtype == np.float32


def test_the_users_own_mask_replaces_stripping(textured):
    mask = ndimage.binary_erosion(template().brain_mask, iterations=2)
    prepared = prepare(textured, PreprocessConfig(register=False), brain_mask=mask)
    np.testing.assert_array_equal(
        prepared.brain_mask[:, 8:248, 8:248], mask[PAPER_SLAB.first : PAPER_SLAB.first + PAPER_SLAB.count]
    )
    assert "own brain mask" in prepared.steps[0].sentence


def test_progress_is_told_and_never_runs_backwards(textured):
    told = []
    prepare(textured, SHOWN, on_progress=lambda name, fraction: told.append((name, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_too_small_a_brain_mask_is_an_error(textured):
    mask = np.zeros(textured.shape, bool)
    mask[60:90, 100:140, 100:140] = True
    with pytest.raises(ScanError) as error:
        prepare(textured, SHOWN, brain_mask=mask)
    assert error.value.code == "strip_failed"
    assert "48 ml" in str(error.value)


WRONG = {
    "upside down": lambda array: array[::-1],
    "half a brain": lambda array: np.where(np.arange(array.shape[2]) < array.shape[2] // 2 + 5, array, 0),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_brain_that_does_not_fit_the_atlas_is_an_error(patient, wrong):
    scan = Volume.from_canonical(np.ascontiguousarray(WRONG[wrong](patient.array)), patient.affine)
    with pytest.raises(ScanError) as error:
        prepare(scan, STRIPPED)
    assert error.value.code in {"registration_failed", "strip_failed"}


def test_a_scan_in_another_space_that_is_said_to_be_registered_is_an_error(patient):
    with pytest.raises(ScanError) as error:
        prepare(patient, SHOWN)
    assert error.value.code == "registration_failed"
    assert "registration on" in str(error.value)


def test_slices_a_half_too_thick_in_the_header_are_warned_of(patient):
    stretched = patient.affine.copy()
    stretched[:3, 0] *= 1.45
    prepared = prepare(Volume.from_canonical(patient.array, stretched), STRIPPED)
    assert any("voxel size" in warning for warning in prepared.warnings)


def test_levels_beyond_the_scan_are_counted_in_a_warning(textured):
    affine = ATLAS_AFFINE.copy()
    affine[2, 3] = PAPER_SLAB.first + 4
    upper = Volume.from_canonical(textured.array[PAPER_SLAB.first + 4 :], affine)
    loose = replace(SHOWN, possible_brain_ml=(100, 2300), usual_brain_ml=(100, 2300), most_brain_at_end=1)
    prepared = prepare(upper, loose)
    assert prepared.warnings == (f"The scan does not reach 4 of the {PAPER_SLAB.count} axial levels asked for.",)
    with pytest.raises(ScanError) as error:
        prepare(upper, replace(loose, slab=Slab(40, 10)))
    assert error.value.code == "slab"


def test_an_atlas_of_the_users_is_taken_where_it_lies_in_the_same_space(tmp_path, textured, patient, registered):
    small = resample(textured.array, AffineTransform(np.diag([2.0, 2, 2, 1])), (77, 120, 120), order=1)
    own = Volume.from_canonical(small, ATLAS_AFFINE @ np.diag([2.0, 2, 2, 1]))
    write_nifti(tmp_path / "own.nii.gz", own.array, own)
    atlas = load_atlas(tmp_path / "own.nii.gz")
    prepared = prepare(patient, STRIPPED, atlas=atlas)
    both = prepared.brain_mask & registered.brain_mask
    assert 2 * both.sum() > 0.97 * (prepared.brain_mask.sum() + registered.brain_mask.sum())


def test_an_atlas_of_another_space_is_refused(tmp_path, patient):
    write_nifti(tmp_path / "other.nii.gz", patient.array, patient)
    with pytest.raises(ScanError) as error:
        load_atlas(tmp_path / "other.nii.gz")
    assert error.value.code == "atlas"
