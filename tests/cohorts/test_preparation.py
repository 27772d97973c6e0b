"""A prepared cohort gives a model the same slices as the cohort it was made from."""

import numpy as np
import pytest

from uad_core.atlas.space import PAPER_SLAB, Slab
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.load import load_subject
from uad_core.cohorts.preparation import prepare_cohort
from uad_core.io.nifti import read_mask
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import ScanError


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    """Two bundled scans as they are, and prepared."""
    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("prepared")
    for name in ("healthy01", "ms01"):
        for path in SAMPLES.glob(f"sub-{name}_*"):
            (raw / path.name).symlink_to(path)
    (raw / "sub-bad_FLAIR.nii.gz").write_bytes(b"no scan")
    done = list(prepare_cohort(open_cohort(raw), raw, out, PAPER_SLAB, workers=2))
    return open_cohort(raw), open_cohort(out), done


def test_a_prepared_scan_equals_the_scan_prepared_anew(cohorts):
    raw, prepared, _ = cohorts
    before = {subject.name: subject for subject in raw.subjects}
    for subject in prepared.subjects:
        for slab in (PAPER_SLAB, Slab(75, 3)):
            expected, found = load_subject(before[subject.name], slab), load_subject(subject, slab)
            np.testing.assert_array_equal(found.array, expected.array)
            np.testing.assert_array_equal(found.brain_mask, expected.brain_mask)
            assert found.slab == slab


def test_the_truth_comes_along(cohorts):
    raw, prepared, _ = cohorts
    (patient,) = (subject for subject in prepared.subjects if not subject.is_healthy)
    (source,) = (subject for subject in raw.subjects if subject.name == patient.name)
    expected = load_subject(source, PAPER_SLAB)
    truth = read_mask(patient.lesion, load_subject(patient, PAPER_SLAB).scan)
    np.testing.assert_array_equal(truth, expected.to_slab(read_mask(source.lesion, expected.scan)))
    assert truth.any()


def test_a_subject_that_cannot_be_prepared_is_named_and_left_out(cohorts):
    _, prepared, done = cohorts
    assert [item.subject for item in done if item.problem] == ["sub-bad"]
    assert "sub-bad" not in [subject.name for subject in prepared.subjects]


def test_levels_beyond_the_prepared_ones_are_refused(cohorts):
    with pytest.raises(ScanError, match="axial levels"):
        load_subject(cohorts[1].subjects[0], Slab(60, 20))


def test_an_existing_cohort_is_never_written_over(cohorts, tmp_path):
    (tmp_path / "sub-1_FLAIR.nii.gz").touch()
    with pytest.raises(ScanError, match="already"):
        next(prepare_cohort(cohorts[0], tmp_path, tmp_path, PAPER_SLAB))
