"""What broke a reader once is read in peace now, and so are thousands of odd files; `make fuzz` tries a million."""

from itertools import islice

import pytest

from benchmarks.fuzz import CRASHERS, OURS, RUNS
from tools.fuzz_targets import TARGETS, mutants

KEPT = sorted(CRASHERS.iterdir())
COUNT = {"nifti": 1000, "dicom": 600, "checkpoint": 60, "preset": 1500, "cohort": 800}


def test_there_are_crashers_and_each_belongs_to_a_target():
    assert KEPT
    assert {path.name.split("-")[0] for path in KEPT} <= set(TARGETS) == set(RUNS) == set(COUNT)
    assert all(name.startswith("uad_core.") for name in OURS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name[:20])
def test_what_broke_a_reader_once_is_read_or_refused_with_a_sentence(path):
    TARGETS[path.name.split("-")[0]].read(path.read_bytes())


@pytest.mark.filterwarnings("ignore")  # pytest undoes what keeps pydicom silent
@pytest.mark.parametrize("name", TARGETS)
def test_odd_files_are_read_or_refused_with_a_sentence(name):
    for data in islice(mutants(name, 1), COUNT[name]):
        TARGETS[name].read(data)


def test_a_reader_that_breaks_is_noticed(monkeypatch):
    monkeypatch.setattr("tools.fuzz_targets.read_scan", lambda data: data[10**6])
    with pytest.raises(IndexError):
        TARGETS["nifti"].read(b"any")
