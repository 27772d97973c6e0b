"""Healthy slices: a subject that cannot be used is left out and named, and the rest is learnt from."""

import pytest

from tests.support.training import picture_cohort
from uad_core.cohorts.cohort import open_cohort
from uad_core.io.volume import ScanError
from uad_core.train import TrainConfig
from uad_core.train.load import load

CONFIG = TrainConfig(held_out=0.4, seed=1)


def loaded(*folders):
    """What `load` returns, and the sentences on its way."""
    stages, problems = load([open_cohort(folder) for folder in folders], CONFIG), []
    while True:
        try:
            problems += [text] if (text := next(stages).problem) else []
        except StopIteration as end:
            return end.value, problems


@pytest.mark.parametrize("number", range(5))
def test_a_broken_picture_is_one_subject_left_out_with_a_sentence(tmp_path, number):
    folder = picture_cohort(tmp_path / "c", 5)
    path = folder / f"sub-{number}_FLAIR.png"
    path.write_bytes(path.read_bytes()[:200])
    result, problems = loaded(folder)
    assert len(problems) == 1
    assert problems[0].startswith(f"sub-{number} left out: The picture")
    kept = [subject.name for part in result.splits[0] for subject in part.subjects]
    assert sorted(kept) == [f"sub-{i}" for i in range(5) if i != number]
    assert len(result.learn[0]) + len(result.validation) == 4
    assert [scan.slab.count for _, scan in result.held_out(CONFIG)] == [1] * len(result.splits[0][1].subjects)


def test_where_nobody_can_be_used_that_is_said(tmp_path):
    folder = picture_cohort(tmp_path / "c", 3)
    for path in folder.glob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(ScanError, match="No scan can be used"):
        loaded(folder)


def test_one_person_beside_a_cohort_is_learnt_from_whole_and_alone_is_too_few(tmp_path):
    many, single = picture_cohort(tmp_path / "many", 5), picture_cohort(tmp_path / "single", 1)
    result, _ = loaded(single, many)
    assert [len(part.subjects) for part in result.splits[0]] == [1, 0]
    assert [len(part.subjects) for part in result.splits[1]] == [3, 2]
    assert list(map(len, result.learn)) == [1, 3]
    assert len(result.validation) == len(list(result.held_out(CONFIG))) == 2
    with pytest.raises(ScanError, match="at least 2 are needed"):
        loaded(single)
