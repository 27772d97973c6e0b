"""A small BIDS dataset, done once and undisturbed."""

import subprocess

import pytest

from benchmarks.bids_app import SETTING, command, small_dataset
from uad_core.io.paths import ROOT

SCANS = 6


def bids(dataset, out, level, *words):
    """The BIDS App in a process of its own; what it printed."""
    words = command(dataset, out, level, *words, *(SETTING if level == "participant" else ()))
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    return small_dataset(tmp_path_factory.mktemp("bids") / "dataset", SCANS)


@pytest.fixture(scope="session")
def undisturbed(dataset, tmp_path_factory):
    """The folder of the results, both levels."""
    out = tmp_path_factory.mktemp("bids") / "out"
    done = bids(dataset, out, "participant", "--jobs", "2")
    assert done.stdout.splitlines()[-1] == f"{SCANS} done", done.stderr
    assert bids(dataset, out, "group").returncode == 0
    return out
