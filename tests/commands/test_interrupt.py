"""Ctrl-C ends any command with one sentence and status 130; results that could not be kept are not computed."""

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.training import picture_cohort
from uad_core.__main__ import COMMANDS, INTERRUPTED, OUTSIDE, main
from uad_core.cohorts.cohort import open_cohort
from uad_core.io.paths import ROOT, SAMPLES

NEEDED = {
    "detect": ["scan.nii", "--out", "OUT"],
    "bids": ["dataset", "OUT", "participant"],
    "followup": ["first.nii", "second.nii", "--out", "OUT"],
    "settings": ["--cohort", "c", "--models", "m", "--out", "OUT"],
    "picture": ["scan.nii", "--out", "OUT"],
    "train": ["--out", "OUT"],
    "sample": ["--out", "OUT"],
    "evaluate": ["--cohort", "c", "--models", "m", "--out", "OUT"],
    "experiment": ["--out", "OUT"],
    "preprocess": ["--cohort", "c", "--out", "OUT"],
    "simulate": ["--out", "OUT"],
    "calibrate": ["--model", "m", "--cohort", "c", "--out", "OUT"],
}


def module_of(name):
    return import_module(OUTSIDE.get(name, f"uad_core.commands.{name}"))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("template", "bench")])
def test_ctrl_c_is_one_sentence_and_status_130(name, monkeypatch, tmp_path, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(module_of(name), "run", interrupted)
    words = [str(tmp_path / "out") if word == "OUT" else word for word in NEEDED.get(name, [])]
    assert main([name, *words]) == INTERRUPTED == 128 + signal.SIGINT
    said = capsys.readouterr()
    assert said.err.splitlines() == ["uad_core: Stopped by Ctrl-C; no file was left half-written."]
    assert said.out == ""


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("kind", ["below a file", "a name of 300 letters"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(name, kind, monkeypatch, tmp_path, capsys):
    def work(options):
        pytest.fail("began to work")

    monkeypatch.setattr(module_of(name), "run", work)
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "results" if kind == "below a file" else tmp_path / ("x" * 300)
    assert main([name, *(str(out) if word == "OUT" else word for word in NEEDED[name])]) == 2
    error = capsys.readouterr().err
    assert error.startswith("uad_core: ")
    assert error.count("\n") == 1
    assert str(tmp_path) not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def interrupt(words: list[str], until: Path, seconds: float = 240) -> tuple[int, str]:
    """Ctrl-C, as a terminal sends it to a whole group, once the file `until` is there; status and what was printed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-m", "uad_core", *words], cwd=ROOT, env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    deadline = time.monotonic() + seconds
    while not until.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    printed = process.communicate(timeout=seconds)[0]
    return process.returncode, printed


def test_a_preparation_that_is_interrupted_leaves_whole_subjects_in_a_cohort_that_says_it_is_prepared(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for number in range(6):
        for kind in ("FLAIR", "brainmask"):
            (raw / f"sub-{number}_{kind}.nii.gz").symlink_to(SAMPLES / f"sub-healthy01_{kind}.nii.gz")
    words = ["preprocess", "--cohort", str(raw), "--out", str(out), "--workers", "1"]
    status, printed = interrupt(words, until=out / "sub-0_FLAIR.nii.gz")
    assert status == INTERRUPTED, printed
    assert "Stopped by Ctrl-C" in printed
    assert "Traceback" not in printed
    assert not list(out.glob(".*.tmp"))
    left = open_cohort(out).subjects
    assert 1 <= len(left) < 6
    assert all(subject.prepared and subject.brain_mask for subject in left)


def test_a_training_that_is_interrupted_says_how_to_go_on(tmp_path):
    cohort, run = picture_cohort(tmp_path / "controls", 4), tmp_path / "run"
    words = ["train", "--cohort", str(cohort), "--epochs", "500", "--batch-size", "2", "--device", "cpu", "--run",
             str(run), "--set", "features=8,8,8,8", "--name", "small", "--out", str(tmp_path / "out")]  # fmt: skip
    status, printed = interrupt(words, until=run / "curve.jsonl")
    assert status == INTERRUPTED, printed
    assert "To go on: python -m uad_core train --resume" in printed
    assert "Traceback" not in printed
