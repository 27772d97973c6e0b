"""Trainings as processes: what a run folder says, and what starting, stopping and resuming do to it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from uad_core.cohorts.find import RunError, find_cohorts
from uad_core.io.paths import ROOT
from uad_core.runs import training as module
from uad_core.runs.request import TrainRequest
from uad_core.runs.training import list_runs, read_run, resume, start, stop

FAKE = """
import json, os, sys, time
from pathlib import Path
arguments = sys.argv[1:]
print("\\rloading  5%\\rloading 100%\\nwith", *arguments, flush=True)
if "sae-broken" in arguments:
    sys.exit("uad_core: There is no such model.")
run = Path(arguments[arguments.index("--resume" if "--resume" in arguments else "--run") + 1])
(run / "settings.json").write_text(json.dumps({"name": run.name}))

def say(stage, **more):
    record = {"stage": stage, "pid": os.getpid(), "updated": time.time(), **more}
    (run / "new.tmp").write_text(json.dumps(record))
    (run / "new.tmp").replace(run / "progress.json")

say("train", epoch=0, epochs=2)
deadline = time.monotonic() + 60
while "--resume" not in arguments and time.monotonic() < deadline:
    if (run / "stop").exists():
        say("stopped")
        sys.exit()
    time.sleep(0.05)
say("done")
"""


@pytest.fixture(autouse=True)
def fake(tmp_path, monkeypatch):
    """A training that waits to be stopped, and is done once it is resumed."""
    script = tmp_path / "fake_uad_core.py"
    script.write_text(FAKE)
    monkeypatch.setattr(module, "TRAIN", (sys.executable, str(script)))


@pytest.fixture
def cohort(tmp_path):
    return make_cohort(tmp_path / "controls", healthy=3)


@pytest.fixture
def order(cohort):
    return TrainRequest((cohort,), "first")


@pytest.fixture
def places(tmp_path):
    return tmp_path / "runs", tmp_path / "checkpoints"


def make_cohort(folder, healthy, patients=0):
    folder.mkdir(parents=True)
    for i in range(healthy + patients):
        (folder / f"sub-{i}_FLAIR.png").touch()
    for i in range(patients):
        (folder / f"sub-{i}_lesion.png").touch()
    return folder


def wait_for(folder, *states, seconds=30):
    deadline = time.monotonic() + seconds
    while (run := read_run(folder)).state not in states:
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
    return run


def written(folder, **files):
    """A run folder made by hand; of a dictionary, JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_a_training_is_started_stopped_resumed_and_done(order, places):
    run = start(order, *places)
    assert run.state in ("starting", "train")
    assert run.is_active
    run = wait_for(run.folder, "train")
    assert run.settings == {"name": "first"}
    assert not run.is_stopping
    stop(run)
    run = wait_for(run.folder, "stopped")
    assert run.can_resume
    assert not run.is_active
    run = resume(run)
    assert run.is_active or run.state == "done", "what was said before the resumption no longer counts"
    run = wait_for(run.folder, "done")
    assert not run.can_resume
    with pytest.raises(RunError, match="cannot be resumed"):
        resume(run)
    assert f"--resume {run.folder}" in run.log()
    assert [r.name for r in list_runs(places[0])] == ["first"]


def test_the_process_gets_the_order_as_arguments_and_no_shell_reads_them(tmp_path, places):
    odd = make_cohort(tmp_path / "a $(touch hacked) folder", 2)
    order = TrainRequest((odd, odd), "odd", "dae", 3, 4, 5, 1.5, "whole", "cosine")
    run = wait_for(start(order, *places).folder, "train")
    stop(run)
    assert json.loads((run.folder / "launch.json").read_text())["arguments"] == [
        *("--cohort", str(odd), "--model", "dae", "--name", "odd", "--epochs", "3", "--batch-size", "4"),
        *("--seed", "5", "--schedule", "cosine", "--slab", "whole", "--minutes", "1.5"),
        *("--out", str(places[1]), "--run", str(run.folder)),
    ]
    wait_for(run.folder, "stopped")


def test_a_killed_training_is_interrupted_and_can_be_resumed(order, places):
    run = wait_for(start(order, *places).folder, "train")
    os.kill(run.progress["pid"], 9)
    run = wait_for(run.folder, "interrupted")
    assert run.can_resume
    resume(run)
    wait_for(run.folder, "done")


def test_resuming_what_is_at_work_changes_nothing(order, places):
    run = wait_for(start(order, *places).folder, "train")
    assert resume(run).progress["pid"] == run.progress["pid"]
    stop(run)
    wait_for(run.folder, "stopped")


def test_it_lives_on_when_the_process_that_started_it_is_gone(order, places, tmp_path):
    """The server is restarted; the training does not notice."""
    program = (
        "import sys; from pathlib import Path; from uad_core.runs import training; from uad_core.runs.request import TrainRequest;"
        f"training.TRAIN = (sys.executable, {str(tmp_path / 'fake_uad_core.py')!r});"
        f"order = TrainRequest((Path({str(order.cohorts[0])!r}),), 'first');"
        f"training.start(order, *map(Path, {list(map(str, places))!r}))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    run = wait_for(places[0] / "first", "train")
    assert os.getsid(run.progress["pid"]) == run.progress["pid"]
    stop(run)
    wait_for(run.folder, "stopped")


def test_a_training_that_ends_before_it_begins_is_failed_with_its_last_words(order, places):
    run = wait_for(start(replace(order, model="sae-broken"), *places).folder, "failed")
    assert run.message == "The training ended before it began. There is no such model."
    assert run.can_resume
    again = resume(run)
    assert wait_for(again.folder, "failed").log().count("with --cohort") == 2, (
        "started anew, there is nothing to resume"
    )


def test_a_failure_foreseen_is_told_as_the_training_tells_it(tmp_path):
    folder = written(tmp_path / "a", progress={"stage": "failed", "message": "The disk is full.", "updated": 1.0})
    run = read_run(folder)
    assert (run.state, run.message) == ("failed", "The disk is full.")


def test_a_number_that_belongs_to_another_program_now_is_not_taken_for_the_training(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        progress = {"stage": "train", "pid": stranger.pid, "updated": time.time()}
        assert read_run(written(tmp_path / "a", progress=progress)).state == "interrupted"
        stranger.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"stage": 3}', '{"pid": "x"}'])
def test_a_damaged_progress_file_does_not_break_the_list(tmp_path, text):
    folder = written(tmp_path / "runs" / "a", settings={})
    (folder / "progress.json").write_text(text)
    (run,) = list_runs(tmp_path / "runs")
    assert not run.is_active


def test_runs_are_listed_newest_first_and_other_folders_are_none(tmp_path):
    for number, name in enumerate(("b", "a", "c"), 1):
        path = written(tmp_path / name, settings={}, progress={"stage": "done", "updated": 1.0}) / "settings.json"
        os.utime(path, (number, number))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert [run.name for run in list_runs(tmp_path)] == ["c", "a", "b"]
    assert list_runs(tmp_path / "missing") == []


def test_a_curve_leaves_out_half_a_line_and_keeps_the_last_word_on_an_epoch(tmp_path):
    folder = written(tmp_path / "a", progress={"stage": "done"})
    lines = [{"epoch": 1, "l1": 0.3}, {"epoch": 0, "l1": 0.9}, {"epoch": 1, "l1": 0.2}]
    (folder / "curve.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n[1]\n{"epoch": 2, "l')
    assert read_run(folder).curve() == [{"epoch": 0, "l1": 0.9}, {"epoch": 1, "l1": 0.2}]


@pytest.mark.parametrize(("record", "learned"), [({"learned": False}, False), ({"learned": True}, True), ({}, None)])
def test_whether_it_learned_is_read_from_its_checkpoint(tmp_path, record, learned):
    settings = {"out": str(tmp_path / "checkpoints"), "name": "a"}
    written(tmp_path / "checkpoints", a=record)
    assert read_run(written(tmp_path / "a", progress={"stage": "done"}, settings=settings)).learned is learned


def test_the_newest_picture_is_shown(tmp_path):
    run = read_run(written(tmp_path / "a", progress={"stage": "done"}))
    assert run.picture() is None
    (run.folder / "pictures").mkdir()
    for number in (9, 10):
        (run.folder / "pictures" / f"epoch_{number:04d}.png").write_bytes(b"%d" % number)
    assert run.picture() == ("epoch_0010", b"10")


def test_of_a_line_that_was_overwritten_the_log_shows_the_end(tmp_path):
    run = read_run(written(tmp_path / "a", progress={"stage": "done"}))
    (run.folder / "log.txt").write_bytes(b"x" * 100_000 + b"\nfirst\r10%\r20%\nlast\xff\n")
    assert run.log(2) == "20%\nlast\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cohorts": ()}, "Choose at least one cohort folder"),
        ({"cohorts": (Path("/no/such"),)}, "There is no folder /no/such"),
        ({"cohorts": (Path("~no_such_user/a"),)}, "cannot be read"),
        ({"name": "a b"}, "A name has at most"),
        ({"name": "../a"}, "A name has at most"),
        ({"name": "-a"}, "A name has at most"),
        ({"name": ""}, "A name has at most"),
        ({"name": "a" * 61}, "A name has at most"),
        ({"name": "shipped"}, "There is a checkpoint named shipped already"),
        ({"name": "running"}, "There is a run named running already"),
    ],
)
def test_what_cannot_be_trained_gets_a_sentence_and_leaves_nothing(order, places, change, sentence):
    written(places[0] / "running", progress={"stage": "done"})
    written(places[1], shipped={})
    with pytest.raises(RunError, match=sentence):
        start(replace(order, **change), *places)
    assert [path.name for path in places[0].iterdir()] == ["running"]


def test_cohorts_without_enough_healthy_subjects_are_refused(order, places, tmp_path):
    for name, healthy, patients, sentence in (
        ("one", 1, 2, "1 healthy brain only"),
        ("none", 0, 2, "no healthy subjects"),
        ("empty", 0, 0, "is no cohort. The cohort folder holds no file"),
    ):
        folder = make_cohort(tmp_path / name, healthy, patients)
        with pytest.raises(RunError, match=sentence):
            start(replace(order, cohorts=(order.cohorts[0], folder)), *places)
    (order.cohorts[0] / "cohort.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        start(order, *places)


def test_cohorts_that_lie_about_are_found_with_their_healthy_subjects(tmp_path):
    make_cohort(tmp_path / "a", 2, 1)
    make_cohort(tmp_path / "b" / "c", 3)
    make_cohort(tmp_path / "runs", 3)
    make_cohort(tmp_path / ".hidden", 3)
    (make_cohort(tmp_path / "damaged", 2) / "cohort.json").write_text("[]")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "sub-1_space-orig_desc-sae3residual_FLAIR.nii.gz").touch()
    assert find_cohorts(tmp_path) == {tmp_path / "a": 2, tmp_path / "b" / "c": 3}
