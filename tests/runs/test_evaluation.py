"""Evaluations as processes, and what a page reads out of their records."""

import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from uad_core.cohorts.find import RunError
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.metrics import dice
from uad_core.evaluate.metrics_file import model_rows
from uad_core.evaluate.review import case_of, fullest, map_of
from uad_core.evaluate.rows import PLAIN, open_session
from uad_core.evaluate.score_cohort import progress_file, score_cases
from uad_core.evaluate.summary import summarise
from uad_core.io.paths import CHECKPOINTS, SAMPLES
from uad_core.io.volume import ScanError
from uad_core.pipeline.postprocess import SIGNS
from uad_core.runs.evaluation import EvaluationRequest, EvaluationRun

FAKE = """
import json, os, sys, time
from pathlib import Path
arguments = dict(zip([word.removeprefix("--") for word in sys.argv[1::2]], sys.argv[2::2]))
if arguments["models"] == "broken":
    sys.exit("uad_core: There is no such model.")
out = Path(arguments["out"])

def report(stage):
    record = {"stage": stage, "done": 1, "total": 4, "pid": os.getpid(), "updated": time.time()}
    (out / "new.tmp").write_text(json.dumps(record))
    (out / "new.tmp").replace(out / "progress.json")

report("evaluate")
while arguments["models"] == "slow" and not (out / "go").exists():
    time.sleep(0.05)
report("done")
"""


@pytest.fixture(autouse=True)
def fake(tmp_path, monkeypatch):
    """An evaluation that waits where the model is called slow."""
    script = tmp_path / "fake_uad_core.py"
    script.write_text(FAKE)
    monkeypatch.setattr(EvaluationRun, "command", (sys.executable, str(script)))
    for name in ("slow", "quick", "broken"):
        for suffix in ("json", "safetensors"):
            path = tmp_path / "checkpoints" / f"{name}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_text("{}")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "evaluations"


@pytest.fixture
def asked(cohort, tmp_path):
    """A function from a model and what else is asked for to the request."""
    return lambda *models, **more: EvaluationRequest(
        **{"cohort": cohort, "models": models, "name": "first", "checkpoints": tmp_path / "checkpoints", **more}
    )


@pytest.fixture
def cohort(tmp_path):
    folder = tmp_path / "cohort"
    folder.mkdir()
    for i in range(3):
        (folder / f"sub-{i}_FLAIR.png").touch()
    (folder / "sub-0_lesion.png").touch()
    return folder


def wait_for(folder, *states, seconds=60):
    deadline = time.monotonic() + seconds
    while (evaluation := EvaluationRun.read(folder)).state not in states:
        assert time.monotonic() < deadline, evaluation
        time.sleep(0.05)
    return evaluation


def test_an_evaluation_is_started_stopped_started_again_and_done(cohort, home, asked):
    request = asked("slow", config=EvaluateConfig(limit=2))
    evaluation = wait_for(EvaluationRun.start(request, home).folder, "evaluate")
    assert (evaluation.status.progress["done"], evaluation.status.progress["total"]) == (1, 4)
    assert evaluation.request == request
    evaluation.stop()
    evaluation = wait_for(evaluation.folder, "stopped")
    assert evaluation.can_resume
    (evaluation.folder / "go").touch()
    evaluation = wait_for(evaluation.resume().folder, "done")
    assert not evaluation.can_resume
    assert [one.name for one in EvaluationRun.all(home)] == ["first"]
    config = json.loads(json.dumps(asdict(request.config)))
    metrics = {"config": config, "models": {f"slow:{sign}": {"model": "slow"} for sign in SIGNS}}
    again = EvaluationRequest.from_metrics(cohort.resolve(), "first", metrics)
    assert replace(again, checkpoints=request.checkpoints) == request
    assert request.differs_from(metrics) == []
    assert request.differs_from({"config": config | {"erosion_mm": 4.0}}) == ["erosion_mm"]
    evaluation.delete()
    assert EvaluationRun.all(home) == []


def test_the_process_gets_the_request_as_arguments(cohort, home, asked, tmp_path):
    request = asked("quick", PLAIN, name="odd", config=EvaluateConfig(97.5, median_size=3, signed="both", limit=7))
    evaluation = wait_for(EvaluationRun.start(request, home).folder, "done")
    assert json.loads((evaluation.folder / "launch.json").read_text())["arguments"] == [
        "--cohort", f"{cohort}", "--models", "quick,plain-intensity", "--percentile", "97.5", "--signed", "both",
        "--median-size", "3", "--limit", "7", "--checkpoints", f"{tmp_path / 'checkpoints'}",
        "--out", f"{evaluation.folder}",
    ]  # fmt: skip


def test_of_one_that_ends_before_it_begins_the_end_of_the_log_is_shown(home, asked):
    evaluation = wait_for(EvaluationRun.start(asked("broken"), home).folder, "failed")
    assert evaluation.status.message == "The evaluation ended before it began. There is no such model."


def test_one_that_is_killed_is_interrupted_and_one_of_the_command_line_has_no_request(tmp_path):
    with pytest.raises(SystemExit), progress_file(tmp_path / "a"):
        raise SystemExit
    record = json.loads((tmp_path / "a" / "progress.json").read_text())
    assert (record["stage"], record["message"]) == ("failed", "Unexpected error; see the log.")
    (tmp_path / "a" / "progress.json").write_text(json.dumps(record | {"stage": "evaluate", "pid": 2**22 + 1}))
    evaluation = EvaluationRun.read(tmp_path / "a")
    assert (evaluation.state, evaluation.request, evaluation.can_resume) == ("interrupted", None, False)


@pytest.mark.parametrize(
    ("error", "stage", "message"),
    [
        (ScanError("cohort", "No subject could be evaluated."), "failed", "No subject could be evaluated."),
        (OSError(28, "No space left on device"), "failed", "No space left on device."),
        (KeyError("sub-1, a name"), "failed", "Unexpected error; see the log."),
        (KeyboardInterrupt(), "stopped", ""),
    ],
)
def test_a_failure_is_written_down_as_a_sentence(tmp_path, error, stage, message):
    def fail():
        with progress_file(tmp_path) as counted:
            counted(1, 2)
            raise error

    with pytest.raises(type(error)):
        fail()
    record = json.loads((tmp_path / "progress.json").read_text())
    assert (record["stage"], record["message"], record["done"]) == (stage, message, 1)
    assert record["pid"] == os.getpid()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cohort": Path("/no/such")}, "There is no folder /no/such"),
        ({"models": ()}, "Choose 1 to 8 models"),
        ({"models": ("quick", "sae9")}, "There is no checkpoint named sae9"),
        ({"name": "../a"}, "A name has at most"),
        ({"name": "there"}, "Another evaluation is named there"),
    ],
)
def test_what_cannot_be_evaluated_gets_a_sentence_and_leaves_nothing(home, asked, change, sentence):
    (home / "there").mkdir(parents=True)
    with pytest.raises(RunError, match=sentence):
        EvaluationRun.start(replace(asked("quick", name="new"), **change), home)
    assert [path.name for path in home.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"percentile": 101.0}, r"Percentiles must lie in \[0, 100\]\."),
        ({"limit": 0}, r"Limit must be at least 1\."),
        ({"signed": "negative"}, "must be one of absolute, positive, both, own, not negative"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        EvaluateConfig(**change)


@pytest.mark.parametrize("text", ["", "[]", '{"cohort": 3, "models": null}', '{"cohort": "a", "models": [], "x": 1}'])
def test_a_damaged_request_does_not_break_the_list(tmp_path, text):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "settings.json").write_text(text)
    (evaluation,) = EvaluationRun.all(tmp_path)
    assert evaluation.request is None
    assert evaluation.metrics() == {}


def test_the_pictures_of_a_patient_are_those_behind_the_figures_of_the_table():
    names, config = ("intensity", PLAIN), EvaluateConfig(limit=1)
    session = open_session(SAMPLES, names, config)
    subject = next(one.name for one in session.cohort.subjects if not one.is_healthy)
    only = replace(session.cohort, subjects=tuple(one for one in session.cohort.subjects if one.name == subject))
    (progress,) = score_cases(replace(session, cohort=only))
    case = case_of(session, subject)
    seen = map_of(session, case, "intensity")
    assert dice(seen.mask, case.truth) == progress.scores[0].dice
    np.testing.assert_array_equal(seen.values[case.inside], progress.scores[0].values)
    assert map_of(session, case, PLAIN).mask is None
    counts = case.truth.sum(axis=(1, 2))
    assert counts[fullest(case)] == counts.max() > 0
    rows = model_rows(summarise(session, progress.scores, {}).metrics)
    assert session.changed(rows) == []
    before_identities = [replace(row, identity=None) for row in rows]
    assert session.changed(before_identities) == []
    assert session.changed([replace(row, sha256="0" * 64) for row in before_identities]) == ["intensity"]
    assert session.changed([replace(row, identity="0" * 64) for row in rows]) == ["intensity"]
    with pytest.raises(ScanError, match="no longer"):
        case_of(session, "nobody")


def test_a_request_and_its_record_are_one(cohort, tmp_path, asked):
    request = asked("a", "b", name="one", config=EvaluateConfig(95.0, median_size=7, signed="positive", limit=3))
    record = request.settings()
    (tmp_path / "settings.json").write_text(json.dumps(record))
    assert EvaluationRun.read(tmp_path).request == request
    del record["checkpoints"]  # as the first version wrote it
    (tmp_path / "settings.json").write_text(json.dumps(record))
    assert EvaluationRun.read(tmp_path).request == replace(request, checkpoints=CHECKPOINTS)
