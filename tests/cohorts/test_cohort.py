"""Cohort folders: who is healthy, and splits that keep one brain together."""

import json

import numpy as np
import pytest
from PIL import Image

from uad_core.cohorts.cohort import open_cohort
from uad_core.io.volume import ScanError


def make_cohort(folder, healthy=6, patients=2, anatomies=None):
    folder.mkdir()
    grey = Image.fromarray(np.full((9, 7), 99, np.uint8))
    for i in range(healthy + patients):
        grey.save(folder / f"sub-{i}_FLAIR.png")
        if i >= healthy:
            grey.save(folder / f"sub-{i}_lesion.png")
    if anatomies:
        rows = [f"sub-{i}\t{anatomy}" for i, anatomy in enumerate(anatomies)]
        (folder / "participants.tsv").write_text("\n".join(["participant_id\tanatomy", *rows]) + "\n")
    return folder


def test_a_subject_with_a_lesion_mask_is_a_patient(tmp_path):
    cohort = open_cohort(make_cohort(tmp_path / "clinic"))
    assert cohort.name == "clinic"
    assert not cohort.simulated
    assert [s.name for s in cohort.healthy.subjects] == [f"sub-{i}" for i in range(6)]


def test_cohort_json_names_the_cohort_and_says_that_it_is_simulated(tmp_path):
    folder = make_cohort(tmp_path / "x")
    (folder / "cohort.json").write_text(json.dumps({"name": "made", "simulated": True}))
    cohort = open_cohort(folder)
    assert (cohort.name, cohort.simulated) == ("made", True)


def test_a_split_keeps_subjects_of_one_brain_together_and_repeats(tmp_path):
    anatomies = ["a", "a", "b", "b", "c", "c"]
    healthy = open_cohort(make_cohort(tmp_path / "x", anatomies=anatomies)).healthy
    inside, outside = healthy.split(0.34, seed=1)
    assert {s.anatomy for s in inside.subjects}.isdisjoint(s.anatomy for s in outside.subjects)
    assert len(inside.subjects) + len(outside.subjects) == 6
    assert len(outside.subjects) == 2
    assert healthy.split(0.34, seed=1) == (inside, outside)


@pytest.mark.parametrize("held_out", [0.01, 0.99])
def test_both_sides_of_a_split_get_somebody(tmp_path, held_out):
    inside, outside = open_cohort(make_cohort(tmp_path / "x")).healthy.split(held_out, seed=0)
    assert inside.subjects
    assert outside.subjects


def test_what_is_no_cohort_is_said_in_a_sentence(tmp_path):
    with pytest.raises(ScanError, match="does not exist"):
        open_cohort(tmp_path / "nowhere")
    with pytest.raises(ScanError, match="holds no file"):
        open_cohort(tmp_path)
    with pytest.raises(ScanError, match="at least 2"):
        open_cohort(make_cohort(tmp_path / "one", healthy=1)).healthy.split(0.2, seed=0)
