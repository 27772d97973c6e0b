"""The queue of the paper's trainings: in order, stopped and killed at will, each model once and to its full length."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.support.training import picture_cohort
from tools.train_all import ORDER, Queue, epochs_for, main, prepared, train_all
from uad_core.atlas.space import ATLAS_AFFINE, Slab
from uad_core.atlas.template import template
from uad_core.cohorts.cohort import open_cohort
from uad_core.io.nifti import write_nifti
from uad_core.io.paths import ROOT
from uad_core.io.volume import Volume
from uad_core.models import MODELS, PAPER_MODELS, PAPER_VIEWS
from uad_core.models.checkpoint import load_checkpoint
from uad_core.train import RunFolder, TrainConfig


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return picture_cohort(tmp_path_factory.mktemp("cohort") / "controls", 6)


def queue_of(cohort, folder, epochs: int) -> Queue:
    return Queue(cohort, epochs, 5 * epochs, folder / "runs", folder / "out", settings=("features=8,8,8,8",))


# the queue with epochs of five pictures in place of twenty levels a subject
SMALL = """
import sys
from tools import train_all
train_all.epochs_for = lambda views, cohort: -(-views // 5)
sys.exit(train_all.main(sys.argv[1:]))
"""


def test_the_queue_holds_every_model_of_the_paper_once():
    assert sorted(ORDER) == sorted(PAPER_MODELS)
    assert len(ORDER) == 9
    assert PAPER_VIEWS == 83 * 20 * 150


def test_epochs_are_as_many_as_the_views_take_without_those_held_out(cohort):
    few = open_cohort(cohort)
    config = TrainConfig(held_out=0.3, slab=Slab(70, 20))  # two of six are held out
    assert epochs_for(249_000, few, config) == 3113
    assert epochs_for(80, few, config) == 1
    assert epochs_for(81, few, config) == 2


def test_a_queue_stopped_and_killed_trains_each_model_to_the_same_bits_as_one_left_alone(cohort, tmp_path, monkeypatch):
    queue = queue_of(cohort, tmp_path, 4)
    words = ["--cohort", cohort, "--runs", queue.runs, "--out", queue.out, "--set", "features=8,8,8,8", "--views", "20"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen(
            [sys.executable, "-c", SMALL, *map(str, words), "--only", "sae1"], cwd=ROOT, env=environment
        )
        deadline = time.monotonic() + 120
        while not RunFolder(queue.runs / "sae1").in_use and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=120) == (143 if number == signal.SIGTERM else -9)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert train_all(queue, ["sae1", "dvae"], at_once=1) == 0
    assert [queue.views_of(name) for name in ("sae1", "dvae")] == [20, 20]

    assert "--resume" in queue.command("sae1")
    alone = replace(queue, runs=tmp_path / "alone-runs", out=tmp_path / "alone")
    subprocess.run(alone.command("sae1"), cwd=ROOT, env=environment, check=True, capture_output=True, timeout=200)
    one, other = (folder / "sae1.safetensors" for folder in (queue.out, tmp_path / "alone"))
    assert one.read_bytes() == other.read_bytes()

    monkeypatch.setattr(Queue, "start", lambda *_: pytest.fail("what is finished is left alone"))
    assert train_all(queue, ["sae1", "dvae"], at_once=1) == 0
    card = load_checkpoint("sae1", queue.out)
    assert card.length == "Trained on 20 slice views: stopped short of the paper's 249,000."
    card.record["images"] = 249_040
    assert card.length == "Trained on 249,040 slice views."


def test_a_dry_run_names_every_training_and_starts_none(cohort, tmp_path, capsys):
    assert main(["--cohort", str(cohort), "--runs", str(tmp_path), "--dry-run", "--gpu", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name}: not begun" in f"\n{printed}" for name in ORDER)
    assert printed.count("--device cuda --minutes 9.0") == 9
    assert printed.count("--calibration-scans 4") == 1
    assert not list(tmp_path.iterdir())


def test_the_gpu_form_gives_every_training_its_time_and_the_paper_s_rates(cohort, tmp_path):
    queue = replace(queue_of(cohort, tmp_path, 4), device="cuda", minutes=9.0)
    assert {"--minutes", "9.0"} < set(queue.command("sae3"))
    (tmp_path / "runs" / "sae3").mkdir(parents=True)
    (tmp_path / "runs" / "sae3" / "settings.json").touch()
    assert queue.command("sae3")[3:] == ["train", "--resume", str(tmp_path / "runs" / "sae3"), "--minutes", "9.0"]
    rates = {name: MODELS[name].config for name in ORDER if name != "anogan"}
    assert {config.learning_rate for config in rates.values()} == {1e-3}
    assert {rates[name].discriminator_rate for name in ("sae-gan", "svae-gan")} == {1e-4}


def test_a_cohort_is_prepared_once_and_a_half_prepared_one_anew(tmp_path):
    folder, runs = tmp_path / "raw", tmp_path / "runs"
    rng = np.random.default_rng(0)
    atlas = template()
    for name in ("sub-a", "sub-b"):
        grey = np.where(
            atlas.brain_mask, np.clip(atlas.flair.array + rng.normal(0, 3, atlas.brain_mask.shape), 1, 255), 0
        )
        write_nifti(folder / f"{name}_FLAIR.nii.gz", grey.astype(np.uint8), Volume.from_canonical(grey, ATLAS_AFFINE))
        write_nifti(folder / f"{name}_brainmask.nii.gz", atlas.brain_mask, Volume.from_canonical(grey, ATLAS_AFFINE))
    half = runs / "prepared-raw"
    half.mkdir(parents=True)
    (half / "sub-a_FLAIR.nii.gz").touch()
    out = prepared(folder, runs)
    assert out == half
    assert all(subject.prepared for subject in open_cohort(out).subjects)
    made = (out / "sub-a_FLAIR.nii.gz").stat().st_mtime_ns
    assert prepared(folder, runs) == out
    assert prepared(out, runs) == out
    assert (out / "sub-a_FLAIR.nii.gz").stat().st_mtime_ns == made
