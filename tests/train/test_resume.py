"""A training survives being killed, a damaged snapshot and a full disk, and goes on to the same bits."""

import errno
import hashlib
import json
import os
import random
import time
from dataclasses import replace

import pytest
import torch

from tests.support.training import finish, no_calibration, picture_cohort, start
from uad_core.__main__ import main
from uad_core.cohorts.cohort import open_cohort
from uad_core.train import RunFolder, TrainConfig, Training, train
from uad_core.train.snapshot import Position, load_snapshot, save_snapshot
from uad_core.train.state import TrainState

CONFIG = TrainConfig(epochs=2, batch_size=2, device="cpu", held_out=0.15, settings={"features": [8, 8, 8, 8]})
OFTEN = replace(CONFIG, snapshot_minutes=0.0)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return open_cohort(picture_cohort(tmp_path_factory.mktemp("cohort") / "controls", 6))


@pytest.fixture(scope="module")
def whole(cohort, quick, tmp_path_factory) -> str:
    """sha256 of the weights of an uninterrupted training."""
    out = tmp_path_factory.mktemp("whole")
    list(train(Training([cohort], CONFIG, out, "small")))
    return sha256(out)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """No calibration in trainings of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uad_core.train.finish.calibrate", no_calibration)
        yield


def sha256(out) -> str:
    return hashlib.sha256((out / "small.safetensors").read_bytes()).hexdigest()


def read(run) -> dict:
    return json.loads((run / "progress.json").read_text())


def test_a_killed_training_resumes_bit_equal(cohort, tmp_path):
    folder = cohort.subjects[0].flair.parent
    words = ("--cohort", folder, "--epochs", "6", "--batch-size", "2", "--device", "cpu", "--held-out", "0.15")
    words += ("--set", "features=16,16,16,16", "--name", "small", "--snapshot-minutes", "0")
    finish(start(*words, "--out", tmp_path / "whole", "--run", tmp_path / "run-whole"))
    out, run = tmp_path / "killed", tmp_path / "run"
    process = start(*words, "--out", out, "--run", run)
    rng = random.Random(int.from_bytes(os.urandom(4)))
    kills, over = 0, False
    while kills < 3 and not over:
        before = (run / "curve.jsonl").stat().st_mtime_ns if (run / "curve.jsonl").exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            snapshots = [path.stat().st_mtime_ns for path in run.glob("snapshot-*.json")]
            if snapshots and max(snapshots) > max(before, 1) and (run / "curve.jsonl").stat().st_mtime_ns > before:
                break
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate()
        assert process.returncode in (0, -9)
        over = process.returncode == 0  # it was quicker
        kills += not over
        process = process if over else start("--resume", run)
    if not over:
        finish(process)
    assert kills >= 1
    assert sha256(out) == sha256(tmp_path / "whole")
    assert len((run / "curve.jsonl").read_text().splitlines()) == 6


def test_a_stop_file_ends_training_within_an_epoch_and_resuming_goes_on_to_the_same_bits(cohort, whole, tmp_path):
    run, out = tmp_path / "run", tmp_path / "out"
    stages = []
    for progress in train(Training([cohort], CONFIG, out, "small", run=run)):
        stages.append(progress.stage)
        if progress.stage == "train":
            (run / "stop").touch()
    assert stages[-1] == "stopped" == read(run)["stage"]
    assert not out.exists()
    list(train(Training([cohort], CONFIG, out, "small", run=run, resume=True)))
    assert sha256(out) == whole
    assert not (run / "stop").exists()
    assert read(run)["stage"] == "done"


def test_stopping_at_every_batch_changes_nothing(cohort, whole, tmp_path, monkeypatch):
    run, out = tmp_path / "run", tmp_path / "out"

    def stop(state: TrainState, *_: object) -> bool:
        state.snapshot()
        return not state.over

    monkeypatch.setattr(TrainState, "saves_and_stops", stop)
    for _ in range(12):
        last = list(train(Training([cohort], CONFIG, out, "small", run=run, resume=True)))[-1]
        if last.stage == "done":
            break
        assert last.stage == "stopped"
    assert sha256(out) == whole


def test_sigterm_ends_training_with_a_snapshot(cohort, tmp_path):
    run = tmp_path / "run"
    words = ("--cohort", cohort.subjects[0].flair.parent, "--epochs", "500", "--device", "cpu", "--run", run)
    process = start(*words, "--set", "features=8,8,8,8", "--out", tmp_path / "out", "--held-out", "0.15")
    deadline = time.monotonic() + 90
    while not list((run / "pictures").glob("*.png")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.terminate()
    printed = process.communicate(timeout=290)[0].decode()
    assert process.returncode == 130, printed[-3000:]  # stopped from outside, as by Ctrl-C
    assert "To go on: python -m uad_core train --resume" in printed
    assert read(run)["stage"] == "stopped"
    assert load_snapshot(run)


def test_a_damaged_newest_snapshot_falls_back_to_the_one_before(tmp_path):
    position = Position()
    for epoch in range(3):
        position.epoch = epoch
        save_snapshot(tmp_path, position, {"model.a": torch.full((1000,), float(epoch))})
    assert load_snapshot(tmp_path)[0].epoch == 2
    newest = max(tmp_path.glob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    data = bytearray(newest.read_bytes())
    data[-7] ^= 1
    newest.write_bytes(data)
    position, tensors = load_snapshot(tmp_path)
    assert position.epoch == 1
    assert tensors["model.a"][0] == 1
    for path in tmp_path.glob("*.json"):
        path.write_text(path.read_text().replace('"epoch": 1', '"epoch": 0'))
    assert load_snapshot(tmp_path) is None


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_previous_snapshot(tmp_path, monkeypatch, call):
    position = Position(epoch=5)
    save_snapshot(tmp_path, position, {"model.a": torch.ones(10)})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync" if call == "fsync" else "pathlib.Path.replace", full)
    for epoch in (6, 7):
        position.epoch = epoch
        with pytest.raises(OSError, match="No space"):
            save_snapshot(tmp_path, position, {"model.a": torch.zeros(10)})
    monkeypatch.undo()
    position, tensors = load_snapshot(tmp_path)
    assert position.epoch == 5
    assert tensors["model.a"].sum() == 10
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_full_disk_ends_a_training_with_a_sentence_and_it_resumes(cohort, whole, tmp_path, monkeypatch):
    run, out = tmp_path / "run", tmp_path / "out"
    sync, left = os.fsync, [14]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        list(train(Training([cohort], OFTEN, out, "small", run=run)))
    monkeypatch.undo()
    assert load_snapshot(run)
    list(train(Training([cohort], OFTEN, out, "small", run=run, resume=True)))
    assert sha256(out) == whole


def test_a_run_folder_in_use_or_unfinished_is_not_taken(cohort, tmp_path):
    first = RunFolder(tmp_path / "run")
    first.open(resume=False)
    with pytest.raises(ValueError, match="Another process"):
        RunFolder(tmp_path / "run").open(resume=True)
    first.close()
    save_snapshot(tmp_path / "run", Position(), {"a": torch.ones(1)})
    for stage in ("train", "stopped", "failed"):  # as after a full disk
        (tmp_path / "run" / "progress.json").write_text(f'{{"stage": "{stage}"}}')
        with pytest.raises(ValueError, match="unfinished"):
            next(train(Training([cohort], CONFIG, tmp_path, "small", run=tmp_path / "run")))
        assert load_snapshot(tmp_path / "run")


def test_what_a_resumed_training_would_ignore_is_refused(tmp_path, capsys):
    assert main(["train", "--resume", str(tmp_path), "--minutes", "3", "--epochs", "7", "--device", "cpu"]) == 2
    assert "Leave out --epochs, --device." in capsys.readouterr().err


def test_a_training_in_bf16_resumes_bit_equal_too(cohort, tmp_path, monkeypatch):
    half = replace(CONFIG, precision="bf16")
    list(train(Training([cohort], half, tmp_path / "whole", "small")))
    run = tmp_path / "run"

    def stop(state: TrainState, *_: object) -> bool:
        state.snapshot()
        return state.position.batch == 1

    monkeypatch.setattr(TrainState, "saves_and_stops", stop)
    assert list(train(Training([cohort], half, tmp_path, "small", run=run)))[-1].stage == "stopped"
    monkeypatch.undo()
    monkeypatch.setattr("uad_core.train.finish.calibrate", no_calibration)
    list(train(Training([cohort], half, tmp_path, "small", run=run, resume=True)))
    assert sha256(tmp_path) == sha256(tmp_path / "whole")
    assert json.loads((tmp_path / "small.json").read_text())["training"]["precision"] == "bf16"


@pytest.mark.parametrize(("began", "goes_on"), [(True, False), (False, True)])
def test_a_resumed_training_keeps_the_precision_that_it_began_in(cohort, tmp_path, monkeypatch, began, goes_on):
    run = tmp_path / "run"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": began})
    for progress in train(Training([cohort], CONFIG, tmp_path, "small", run=run)):
        if progress.stage == "train":
            (run / "stop").touch()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": goes_on})
    list(train(Training([cohort], CONFIG, tmp_path, "small", run=run, resume=True)))
    record = json.loads((tmp_path / "small.json").read_text())
    assert record["training"]["precision"] == ("bf16" if began else "32")
