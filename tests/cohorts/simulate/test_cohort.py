"""The cohort folder, and the samples that ship with the project."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.atlas.template import template
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.simulate.cohort import SimulateProgress, share_out, simulate_cohort
from uad_core.cohorts.simulate.phantom import PhantomConfig, phantom
from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.paths import SAMPLES


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> tuple[Path, list[SimulateProgress]]:
    out = tmp_path_factory.mktemp("cohort")
    head = phantom(1, PhantomConfig(spacing_mm=3.0))
    return out, list(simulate_cohort([head], out, {"healthy": 1, "ms": 1}, seed=3, name="two phantoms"))


def test_a_cohort_folder_opens_as_a_cohort(cohort):
    opened = open_cohort(cohort[0])
    assert (opened.name, opened.simulated) == ("two phantoms", True)
    assert [subject.name for subject in opened.subjects] == ["sub-healthy001", "sub-ms001"]
    assert [subject.is_healthy for subject in opened.subjects] == [True, False]
    assert {subject.anatomy for subject in opened.subjects} == {"phantom01"}


def test_the_files_of_a_cohort_lie_on_the_atlas_grid(cohort):
    patient = open_cohort(cohort[0]).subjects[1]
    scan = read_nifti(patient.flair)
    assert scan.shape == ATLAS_SHAPE
    np.testing.assert_allclose(scan.affine, ATLAS_AFFINE)
    brain, lesion = (read_mask(path, scan) for path in (patient.brain_mask, patient.lesion))
    np.testing.assert_array_equal(brain, scan.array > 0)
    assert lesion.any()
    assert not (lesion & ~brain).any()
    ours = template().brain_mask
    assert 2 * (brain & ours).sum() / (brain.sum() + ours.sum()) > 0.8, "even a phantom lies on the atlas"


def test_the_table_and_the_record_of_a_cohort_say_how_it_was_made(cohort):
    with (cohort[0] / "participants.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["group"] for row in rows] == ["healthy", "ms"]
    lesion = nib.load(cohort[0] / "sub-ms001_lesion.nii.gz").get_fdata()
    assert float(rows[1]["lesion_ml"]) == pytest.approx(lesion.sum() / 1000, abs=5e-4)
    assert rows[0]["lesion_ml"] == "0.000"
    record = json.loads((cohort[0] / "cohort.json").read_text())
    assert record["simulated"] is True
    assert record["seed"] == 3
    assert record["config"]["lesions"]["count_median"] > 0


def test_progress_counts_up_to_the_total(cohort):
    assert [(p.done, p.total) for p in cohort[1]] == [(1, 2), (2, 2)]


def test_a_folder_that_holds_a_cohort_is_not_written_into(cohort):
    with pytest.raises(ValueError, match="holds one already"):
        next(simulate_cohort([phantom(1, PhantomConfig(spacing_mm=6.0))], cohort[0], {"healthy": 1, "ms": 0}, seed=1))


def test_without_label_maps_there_is_no_cohort(tmp_path):
    with pytest.raises(ValueError, match="at least one label map"):
        next(simulate_cohort([], tmp_path, {"healthy": 1, "ms": 1}, seed=1))


def test_patients_and_healthy_share_no_anatomy():
    paths = [Path(f"{index:02d}.nii.gz") for index in range(1, 21)]
    shares = share_out(paths)
    assert shares == {"healthy": paths[:16], "ms": paths[16:]}
    assert share_out(paths[:1]) == {"healthy": paths[:1], "ms": paths[:1]}


def test_the_samples_are_small_and_each_has_its_companions():
    files = sorted(SAMPLES.iterdir())
    assert sum(path.stat().st_size for path in files) < 8_000_000
    names = {path.name for path in files}
    assert {"SOURCES.md", "cohort.json", "sub-healthy01_FLAIR.nii.gz", "sub-rawms03_FLAIR.nii.gz"} <= names
    subjects = {subject.name: subject for subject in open_cohort(SAMPLES).subjects}
    assert [name for name, subject in subjects.items() if subject.is_healthy] == ["sub-healthy01"]
    assert all(name in (SAMPLES / "SOURCES.md").read_text() for name in subjects)


@pytest.mark.parametrize("name", ["sub-ms01", "sub-ms02", "sub-rawms03"])
def test_a_sample_s_lesions_are_bright_and_lie_in_its_brain(name):
    scan = read_nifti(SAMPLES / f"{name}_FLAIR.nii.gz")
    lesion = read_mask(SAMPLES / f"{name}_lesion.nii.gz", scan)
    assert lesion.sum() * scan.voxel_mm3 > 1000
    around = ndimage.binary_dilation(lesion, iterations=3) & ~ndimage.binary_dilation(lesion, iterations=1)
    assert np.median(scan.array[lesion]) > 1.12 * np.median(scan.array[around])
    if name != "sub-rawms03":
        assert (scan.array[lesion] > 0).all()
        assert scan.shape == ATLAS_SHAPE


def test_the_raw_sample_is_an_oblique_head_with_thick_slices_in_another_axis_order():
    image = nib.load(SAMPLES / "sub-rawms03_FLAIR.nii.gz")
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")
    np.testing.assert_allclose(image.header.get_zooms(), (0.9, 0.9, 3.0), atol=1e-5)
    assert 5 < np.degrees(nib.affines.obliquity(image.affine)).max() < 12
    grey = np.asarray(image.dataobj)
    shells = grey[:, :, 40].astype(float)  # above the ventricles: air, scalp, bone, brain from the side inwards
    row = ndimage.gaussian_filter1d(shells[:, shells.shape[1] // 2], 1)
    steps = np.flatnonzero(np.diff((row > 35).astype(int)))
    widths = [b - a for a, b in pairwise(steps)]
    assert len(steps) >= 5, "scalp and brain are bright, the skull between them is dark"
    assert min(widths[0], widths[1]) >= 2
