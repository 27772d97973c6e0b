"""The recipes of shipped files run from end to end, on phantoms in place of the heads that they were made from."""

from __future__ import annotations

import csv
import json

import nibabel as nib
import numpy as np
import pytest

from tests.support.phantoms import SMALL, placed
from tools import template as recipe
from tools.samples import ATLAS_SAMPLES, build_samples
from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.atlas.template import TISSUES, template
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.io.nifti import read_nifti, write_nifti
from uad_core.io.paths import TWO_DATES
from uad_core.io.volume import Volume


@pytest.fixture(scope="module")
def label_maps(tmp_path_factory):
    """Four small heads as files, in the order of their names."""
    folder = tmp_path_factory.mktemp("label-maps")
    for seed in range(4):
        head = phantom(seed, SMALL)
        write_nifti(
            folder / f"head-{seed}.nii.gz",
            head.labels.astype(np.float32),
            Volume.from_canonical(head.labels, head.to_world.matrix),
        )
    return sorted(folder.iterdir())


@pytest.fixture(autouse=True)
def unregistered(monkeypatch):
    """Registration has its own tests, and takes most of a recipe's time."""
    monkeypatch.setattr(Anatomy, "located", lambda anatomy, *_: placed(anatomy))


def test_the_samples_are_three_subjects_in_atlas_space_and_one_raw_head(label_maps, tmp_path):
    sentences = list(build_samples(label_maps, tmp_path))
    cohort = open_cohort(tmp_path)
    assert len(cohort.subjects) == 4
    assert len(sentences) == 5
    dates = [read_nifti(tmp_path / "two_dates" / path.name).array for path in TWO_DATES]
    assert dates[0].shape == dates[1].shape == ATLAS_SHAPE
    assert not np.array_equal(*dates)
    assert cohort.simulated
    assert [subject.name for subject in cohort.healthy.subjects] == ["sub-healthy01"]
    for name, _, _ in ATLAS_SAMPLES:
        assert read_nifti(tmp_path / f"{name}_FLAIR.nii.gz").array.shape == ATLAS_SHAPE
    raw = nib.load(tmp_path / "sub-rawms03_FLAIR.nii.gz")
    assert raw.shape == (208, 256, 56)
    np.testing.assert_allclose(raw.header.get_zooms(), (0.9, 0.9, 3.0), atol=1e-5)
    assert nib.load(tmp_path / "sub-rawms03_lesion.nii.gz").get_fdata().any()
    rows = list(csv.DictReader((tmp_path / "participants.tsv").open(), dialect="excel-tab"))
    assert [row["group"] for row in rows] == ["healthy", "ms", "ms", "ms"]
    assert json.loads((tmp_path / "cohort.json").read_text())["name"] == "samples"
    with pytest.raises(ValueError, match="4 label maps are needed"):
        next(build_samples(label_maps[:3], tmp_path))


def test_the_template_is_built_and_written_on_the_atlas_grid(label_maps, tmp_path, monkeypatch):
    for name in ("TEMPLATE_FILE", "TISSUES_FILE"):
        monkeypatch.setattr(recipe, name, tmp_path / f"{name}.nii.gz")
    target = Volume.from_canonical(template().flair.array, ATLAS_AFFINE)
    config = recipe.TemplateConfig(rounds=1, demons_iterations=2)
    steps = list(recipe.build_template(label_maps[:2], target, config))
    averages = [average for _, average in steps if average]
    assert [sentence for sentence, average in steps if average] == ["affine average", "average after round 1"]
    recipe.write_template(averages[-1])
    files = [nib.load(tmp_path / f"{name}.nii.gz") for name in ("TEMPLATE_FILE", "TISSUES_FILE")]
    grey, tissues = (np.asanyarray(file.dataobj) for file in files)
    assert grey.shape == tissues.shape == ATLAS_SHAPE[::-1]  # a file's axes run the other way
    np.testing.assert_array_equal(grey > 0, tissues > 0)
    assert set(np.unique(tissues)) <= {0, *TISSUES}
