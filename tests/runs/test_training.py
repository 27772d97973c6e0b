"""Trainings as background runs: what a run folder says, and what starting, stopping and resuming do to it."""

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.cohorts.find import RunError, find_cohorts
from uad_core.io.paths import ROOT, RUNS
from uad_core.runs.process import CLOCKS_AGREE
from uad_core.runs.training import TrainingRun, TrainRequest
from uad_core.train.config import TrainConfig

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
    monkeypatch.setattr(TrainingRun, "command", (sys.executable, str(script)))


@pytest.fixture
def cohort(tmp_path):
    return make_cohort(tmp_path / "controls", healthy=3)


@pytest.fixture
def asked(cohort, tmp_path):
    return TrainRequest((cohort,), "first", out=tmp_path / "checkpoints")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


def make_cohort(folder, healthy, patients=0):
    folder.mkdir(parents=True)
    for i in range(healthy + patients):
        (folder / f"sub-{i}_FLAIR.png").touch()
    for i in range(patients):
        (folder / f"sub-{i}_lesion.png").touch()
    return folder


def wait_for(folder, *states, seconds=30):
    deadline = time.monotonic() + seconds
    while (run := TrainingRun.read(folder)).state not in states:
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
    return run


def written(folder, **files):
    """A run folder made by hand; of a dictionary, JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_a_training_is_started_stopped_resumed_and_done(asked, home):
    run = TrainingRun.start(asked, home)
    assert run.state in ("starting", "train")
    assert run.is_active
    run = wait_for(run.folder, "train")
    assert run.settings == {"name": "first"}
    assert not run.is_stopping
    run.stop()
    run = wait_for(run.folder, "stopped")
    assert run.can_resume
    assert not run.is_active
    run = run.resume()
    assert run.is_active or run.state == "done", "what was written before the resumption no longer counts"
    run = wait_for(run.folder, "done")
    assert not run.can_resume
    with pytest.raises(RunError, match="cannot be resumed"):
        run.resume()
    assert f"--resume {run.folder}" in run.log()
    assert [r.name for r in TrainingRun.all(home)] == ["first"]


def test_the_process_gets_the_request_as_arguments_and_no_shell_reads_them(tmp_path, home):
    odd = make_cohort(tmp_path / "a $(touch hacked) folder", 2)
    config = TrainConfig("dae", epochs=3, batch_size=4, seed=5, minutes=1.5, slab=WHOLE_BRAIN, schedule="cosine")
    asked = TrainRequest((odd, odd), "odd", config, tmp_path / "checkpoints")
    run = wait_for(TrainingRun.start(asked, home).folder, "train")
    run.stop()
    assert json.loads((run.folder / "launch.json").read_text())["arguments"] == [
        *("--cohort", str(odd), "--name", "odd", "--model", "dae", "--epochs", "3", "--batch-size", "4"),
        *("--seed", "5", "--slab", "whole", "--schedule", "cosine", "--minutes", "1.5"),
        *("--shift-px", "4", "--gamma", "0.15"),
        *("--out", str(tmp_path / "checkpoints"), "--run", str(run.folder)),
    ]
    wait_for(run.folder, "stopped")


def test_a_killed_training_is_interrupted_and_can_be_resumed(asked, home):
    run = wait_for(TrainingRun.start(asked, home).folder, "train")
    os.kill(run.status.progress["pid"], 9)
    run = wait_for(run.folder, "interrupted")
    assert run.can_resume
    run.resume()
    wait_for(run.folder, "done")


def test_resuming_what_is_at_work_changes_nothing(asked, home):
    run = wait_for(TrainingRun.start(asked, home).folder, "train")
    assert run.resume().status.progress["pid"] == run.status.progress["pid"]
    run.stop()
    wait_for(run.folder, "stopped")


def test_it_lives_on_when_the_process_that_started_it_is_gone(asked, home, tmp_path):
    """The server is restarted; the training does not notice."""
    program = (
        "import sys; from pathlib import Path; from uad_core.runs.training import TrainingRun, TrainRequest;"
        f"TrainingRun.command = (sys.executable, {str(tmp_path / 'fake_uad_core.py')!r});"
        f"asked = TrainRequest((Path({str(asked.cohorts[0])!r}),), 'first');"
        f"TrainingRun.start(asked, Path({str(home)!r}))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    run = wait_for(home / "first", "train")
    assert os.getsid(run.status.progress["pid"]) == run.status.progress["pid"]
    run.stop()
    wait_for(run.folder, "stopped")


def test_a_training_that_ends_before_it_begins_is_failed_with_the_end_of_its_log(asked, home):
    run = wait_for(TrainingRun.start(replace(asked, config=TrainConfig("sae-broken")), home).folder, "failed")
    assert run.status.message == "The training ended before it began. There is no such model."
    assert run.can_resume
    again = run.resume()
    assert wait_for(again.folder, "failed").log().count("with --cohort") == 2, (
        "started anew, there is nothing to resume"
    )


def test_the_reason_of_a_failure_is_the_one_that_the_training_wrote(tmp_path):
    folder = written(tmp_path / "a", progress={"stage": "failed", "message": "The disk is full.", "updated": 1.0})
    run = TrainingRun.read(folder)
    assert (run.state, run.status.message) == ("failed", "The disk is full.")


def test_a_number_that_belongs_to_another_program_now_is_not_taken_for_the_training(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        progress = {"stage": "train", "pid": stranger.pid, "updated": time.time()}
        assert TrainingRun.read(written(tmp_path / "a", progress=progress)).state == "interrupted"
        stranger.kill()


@pytest.mark.parametrize("there_is_proc", [True, False], ids=["Linux", "elsewhere"])
def test_another_program_is_not_taken_for_the_training_on_any_system(tmp_path, monkeypatch, there_is_proc):
    """Where there is no /proc to look into, any process that was alive used to be taken for ours."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: exists(path) and (there_is_proc or str(path) != "/proc/self"))
    with subprocess.Popen(["sleep", "60"]) as stranger:
        progress = {"stage": "train", "pid": stranger.pid, "updated": time.time()}
        assert TrainingRun.read(written(tmp_path / "a", progress=progress)).state == "interrupted"
        stranger.kill()


def test_a_later_process_of_ours_under_the_same_number_is_not_the_training(tmp_path):
    """After a restart of the machine numbers are given anew, and another command of ours may get this one."""
    program = [sys.executable, "-c", "import time; time.sleep(60)", "uad_core"]
    with subprocess.Popen(program) as other:
        now = time.time()
        for written_at, state in ((now, "train"), (now - 2 * CLOCKS_AGREE, "interrupted")):
            progress = {"stage": "train", "pid": other.pid, "updated": written_at}
            assert TrainingRun.read(written(tmp_path / "a", progress=progress)).state == state
        other.kill()


DAMAGED = (
    *("", "{", "[]", "null", "[" * 100_000, '{"stage": 3}', '{"pid": "x"}', '{"pid": 1e400, "updated": NaN}'),
    *('{"stage": "train", "pid": 5, "updated": "noon"}', '{"time": [], "arguments": 3, "config": 3, "out": 3}'),
)


@pytest.mark.parametrize("file", ["progress", "settings", "launch"])
@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_run_folder_is_one_row_and_does_not_break_the_list(tmp_path, file, text):
    folder = written(tmp_path / "runs" / "a", settings={})
    written(tmp_path / "runs" / "b", progress={"stage": "done", "updated": 1.0})
    (folder / f"{file}.json").write_text(text)
    found = {run.name: run for run in TrainingRun.all(tmp_path / "runs")}
    assert sorted(found) == ["a", "b"]
    run = found["a"]
    assert not run.is_active
    assert (run.learned, run.curve(), run.picture(), run.log()) == (None, [], None, "")


def test_a_training_started_in_another_folder_shows_up_where_the_page_looks(tmp_path, cohort):
    """The command line used to write into `runs` of the folder that one stood in."""
    program = (
        "from uad_core.__main__ import _parser; from uad_core.commands.train import begun;"
        f"words = ['train', '--name', 'x', '--cohort', {str(cohort)!r}];"
        "print(begun(_parser(words).parse_args(words)).run)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "UAD_RUNS"} | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(ROOT / "runs" / "x")
    assert TrainingRun.home == RUNS


def test_looking_for_cohorts_reads_folders_and_no_files(tmp_path, monkeypatch):
    for i in range(50):
        (tmp_path / f"{i}.nii.gz").touch()
    make_cohort(tmp_path / "a", 2)
    looked_at = []
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **more: looked_at.append(str(path)) or stat(path, **more))
    assert find_cohorts(tmp_path) == {tmp_path / "a": (0, 2)}
    assert not [path for path in looked_at if path.endswith(".nii.gz") and "FLAIR" not in path]


def test_runs_are_listed_newest_first_and_other_folders_are_none(tmp_path):
    for number, name in enumerate(("b", "a", "c"), 1):
        path = written(tmp_path / name, settings={}, progress={"stage": "done", "updated": 1.0}) / "settings.json"
        os.utime(path, (number, number))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert [run.name for run in TrainingRun.all(tmp_path)] == ["c", "a", "b"]
    assert TrainingRun.all(tmp_path / "missing") == []


def test_a_curve_leaves_out_half_a_line_and_keeps_the_last_line_on_an_epoch(tmp_path):
    folder = written(tmp_path / "a", progress={"stage": "done"})
    lines = [{"epoch": 1, "l1": 0.3}, {"epoch": 0, "l1": 0.9}, {"epoch": 1, "l1": 0.2}]
    (folder / "curve.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n[1]\n{"epoch": 2, "l')
    assert TrainingRun.read(folder).curve() == [{"epoch": 0, "l1": 0.9}, {"epoch": 1, "l1": 0.2}]


@pytest.mark.parametrize(("record", "learned"), [({"learned": False}, False), ({"learned": True}, True), ({}, None)])
def test_whether_it_learned_is_read_from_its_checkpoint(tmp_path, record, learned):
    settings = {"out": str(tmp_path / "checkpoints"), "name": "a"}
    written(tmp_path / "checkpoints", a=record)
    assert TrainingRun.read(written(tmp_path / "a", progress={"stage": "done"}, settings=settings)).learned is learned


def test_the_newest_picture_is_shown(tmp_path):
    run = TrainingRun.read(written(tmp_path / "a", progress={"stage": "done"}))
    assert run.picture() is None
    (run.folder / "pictures").mkdir()
    for number in (9, 10):
        Image.new("L", (3, 3), number).save(run.folder / "pictures" / f"epoch_{number:04d}.png")
    (run.folder / "pictures" / "epoch_0011.png").write_bytes(b"half a picture")
    name, data = run.picture()
    assert name == "epoch_0010"
    assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == 10


def test_of_a_line_that_was_overwritten_the_log_shows_the_end(tmp_path):
    run = TrainingRun.read(written(tmp_path / "a", progress={"stage": "done"}))
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
        ({"name": "running"}, "Another training is named running"),
    ],
)
def test_what_cannot_be_trained_gets_a_sentence_and_leaves_nothing(asked, home, change, sentence):
    written(home / "running", progress={"stage": "done"})
    written(asked.out, shipped={})
    with pytest.raises(RunError, match=sentence):
        TrainingRun.start(replace(asked, **change), home)
    assert [path.name for path in home.iterdir()] == ["running"]


def test_cohorts_without_enough_healthy_subjects_are_refused(asked, home, tmp_path):
    for name, healthy, patients, sentence in (
        ("one", 1, 2, "1 healthy brain only"),
        ("none", 0, 2, "no healthy subjects"),
        ("empty", 0, 0, "is no cohort. The cohort folder holds no file"),
    ):
        folder = make_cohort(tmp_path / name, healthy, patients)
        with pytest.raises(RunError, match=sentence):
            TrainingRun.start(replace(asked, cohorts=(folder,)), home)
        beside = replace(asked, cohorts=(asked.cohorts[0], folder))
        if name == "one":  # a person beside a cohort is learnt from whole
            beside.check()
        else:
            with pytest.raises(RunError, match=sentence):
                TrainingRun.start(beside, home)
    (asked.cohorts[0] / "cohort.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        TrainingRun.start(asked, home)


def test_cohorts_that_lie_about_are_found_with_their_patients_and_healthy_subjects(tmp_path):
    make_cohort(tmp_path / "a", 2, 1)
    make_cohort(tmp_path / "b" / "c", 3)
    make_cohort(tmp_path / "runs", 3)
    make_cohort(tmp_path / ".hidden", 3)
    (make_cohort(tmp_path / "damaged", 2) / "cohort.json").write_text("[]")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "sub-1_space-orig_desc-sae3residual_FLAIR.nii.gz").touch()
    assert find_cohorts(tmp_path) == {tmp_path / "a": (1, 2), tmp_path / "b" / "c": (0, 3)}
