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
from uad_core.evaluate.progress import ProgressFile
from uad_core.evaluate.review import case_of, fullest, map_of
from uad_core.evaluate.rows import PLAIN, open_session
from uad_core.evaluate.score_cohort import score_cases
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import ScanError
from uad_core.pipeline.postprocess import SIGNS
from uad_core.runs import evaluation as module
from uad_core.runs.evaluation import (
    EvaluationRequest,
    beyond,
    delete_evaluation,
    find_evaluable,
    list_evaluations,
    order_of,
    read_evaluation,
    start_again,
    start_evaluation,
    stop_evaluation,
)

FAKE = """
import json, os, sys, time
from pathlib import Path
arguments = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[1:])
if arguments["models"] == "broken":
    sys.exit("uad_core: There is no such model.")
out = Path(arguments["out"])

def say(stage):
    record = {"stage": stage, "done": 1, "total": 4, "pid": os.getpid(), "updated": time.time()}
    (out / "new.tmp").write_text(json.dumps(record))
    (out / "new.tmp").replace(out / "progress.json")

say("evaluate")
while arguments["models"] == "slow" and not (out / "go").exists():
    time.sleep(0.05)
say("done")
"""


@pytest.fixture(autouse=True)
def fake(tmp_path, monkeypatch):
    """An evaluation that waits where the model is called slow."""
    script = tmp_path / "fake_uad_core.py"
    script.write_text(FAKE)
    monkeypatch.setattr(module, "EVALUATE", (sys.executable, str(script)))
    for name in ("slow", "quick", "broken"):
        for suffix in ("json", "safetensors"):
            path = tmp_path / "checkpoints" / f"{name}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_text("{}")


@pytest.fixture
def places(tmp_path):
    return tmp_path / "evaluations", tmp_path / "checkpoints"


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
    while (evaluation := read_evaluation(folder)).state not in states:
        assert time.monotonic() < deadline, evaluation
        time.sleep(0.05)
    return evaluation


def test_an_evaluation_is_started_stopped_started_again_and_done(cohort, places):
    order = EvaluationRequest(cohort, ("slow",), "first", limit=2)
    evaluation = wait_for(start_evaluation(order, *places).folder, "evaluate")
    assert (evaluation.word.progress["done"], evaluation.word.progress["total"]) == (1, 4)
    assert evaluation.order == replace(order, cohort=cohort.resolve())
    stop_evaluation(evaluation)
    evaluation = wait_for(evaluation.folder, "stopped")
    assert evaluation.can_start_again
    (evaluation.folder / "go").touch()
    evaluation = wait_for(start_again(evaluation, places[1]).folder, "done")
    assert not evaluation.can_start_again
    assert [one.name for one in list_evaluations(places[0])] == ["first"]
    metrics = {"config": asdict(order.config), "models": {f"slow:{sign}": {"model": "slow"} for sign in SIGNS}}
    assert order_of(evaluation, metrics, cohort.resolve()) == evaluation.order
    config = json.loads(json.dumps(asdict(order.config)))
    assert beyond(order, {"config": config}) == []
    assert beyond(order, {"config": config | {"erosion_mm": 4.0}}) == ["erosion_mm"]
    delete_evaluation(evaluation)
    assert list_evaluations(places[0]) == []


def test_the_process_gets_the_order_as_arguments(cohort, places):
    order = EvaluationRequest(cohort, ("quick", PLAIN), "odd", 97.5, 3, "both", 7)
    evaluation = wait_for(start_evaluation(order, *places).folder, "done")
    assert json.loads((evaluation.folder / "launch.json").read_text())["arguments"] == [
        f"--cohort={cohort}", "--models=quick,plain-intensity", "--percentile=97.5", "--median-size=3",
        "--signed=both", "--limit=7", f"--checkpoints={places[1]}", f"--out={evaluation.folder}",
    ]  # fmt: skip


def test_one_that_ends_before_it_begins_tells_its_last_words(cohort, places):
    evaluation = wait_for(start_evaluation(EvaluationRequest(cohort, ("broken",), "b"), *places).folder, "failed")
    assert evaluation.word.message == "The evaluation ended before it began. There is no such model."


def test_one_that_is_killed_is_interrupted_and_one_of_the_command_line_has_no_order(tmp_path):
    with pytest.raises(SystemExit), ProgressFile(tmp_path / "a"):
        raise SystemExit
    record = json.loads((tmp_path / "a" / "progress.json").read_text())
    assert (record["stage"], record["message"]) == ("failed", "It ended for a reason that was not foreseen.")
    (tmp_path / "a" / "progress.json").write_text(json.dumps(record | {"stage": "evaluate", "pid": 2**22 + 1}))
    evaluation = read_evaluation(tmp_path / "a")
    assert (evaluation.state, evaluation.order, evaluation.can_start_again) == ("interrupted", None, False)


@pytest.mark.parametrize(
    ("error", "stage", "message"),
    [
        (ScanError("cohort", "No subject could be evaluated."), "failed", "No subject could be evaluated."),
        (OSError(28, "No space left on device"), "failed", "No space left on device."),
        (KeyError("sub-1, a name"), "failed", "It ended for a reason that was not foreseen."),
        (KeyboardInterrupt(), "stopped", ""),
    ],
)
def test_a_failure_is_written_down_as_a_sentence(tmp_path, error, stage, message):
    def fail():
        with ProgressFile(tmp_path) as watched:
            watched.subject(1, 2)
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
        ({"name": "there"}, "There is an evaluation named there already"),
        ({"percentile": 101.0}, r"Percentiles must lie in \[0, 100\]\."),
        ({"limit": 0}, "Limit must be at least 1"),
    ],
)
def test_what_cannot_be_evaluated_gets_a_sentence_and_leaves_nothing(cohort, places, change, sentence):
    (places[0] / "there").mkdir(parents=True)
    with pytest.raises(RunError, match=sentence):
        start_evaluation(replace(EvaluationRequest(cohort, ("quick",), "new"), **change), *places)
    assert [path.name for path in places[0].iterdir()] == ["there"]


@pytest.mark.parametrize("text", ["", "[]", '{"cohort": 3, "models": null}', '{"cohort": "a", "models": [], "x": 1}'])
def test_a_damaged_order_does_not_break_the_list(tmp_path, text):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "settings.json").write_text(text)
    (evaluation,) = list_evaluations(tmp_path)
    assert evaluation.order is None
    assert evaluation.metrics() == {}


def test_cohorts_with_patients_are_offered(cohort, tmp_path):
    assert find_evaluable(tmp_path) == {cohort: (1, 2)}
    assert next(iter(find_evaluable())) == SAMPLES


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
    sha = session.rows[0].checkpoint.sha256
    assert session.changed({"intensity": sha, PLAIN: None}) == []
    assert session.changed({"intensity": "0" * 64}) == ["intensity"]
    with pytest.raises(ScanError, match="no longer"):
        case_of(session, "nobody")


def test_an_order_and_its_record_are_one(cohort, tmp_path):
    order = EvaluationRequest(cohort, ("a", "b"), "one", 95.0, 7, "positive", 3)
    (tmp_path / "settings.json").write_text(json.dumps(asdict(order) | {"cohort": str(cohort)}))
    assert read_evaluation(tmp_path).order == order
    assert order.config == EvaluateConfig(95.0, signed="positive", median_size=7, limit=3)
