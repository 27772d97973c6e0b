"""Records that others wrote, odd in every way: each is read, or left aside with a sentence; none ends a page."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.find import RunError, find_cohorts, usable_cohort
from uad_core.cohorts.tables import read_about
from uad_core.detect.presets import read_preset
from uad_core.doors.bids_scans import BidsScan
from uad_core.doors.group import write_group
from uad_core.doors.one_scan import read_log
from uad_core.evaluate.metrics_check import is_curves, is_metrics
from uad_core.io.json_text import NoObjectError, parsed
from uad_core.io.paths import DOCS, SAMPLES
from uad_core.io.progress_file import read_json, read_progress
from uad_core.io.sealed import DamagedRecordError, read_record, read_sealed
from uad_core.io.text import read_bounded
from uad_core.io.volume import ScanError
from uad_core.runs.background_run import BackgroundRun
from uad_core.runs.calibration import CalibrationRun
from uad_core.runs.evaluation import EvaluationRun
from uad_core.runs.training import TrainingRun, TrainRequest
from uad_core.train.snapshot import load_snapshot

MEASURED = DOCS / "measured" / "heads"
ABSENT = object()
DEEP = "[" * 100_000 + "]" * 100_000
HALF = '{"stage":"failed","pid":1,"updated":1,"message":"\\ud800x"}'


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 50_000, '{"a":1,"a":2}', '{"a":NaN}', '{"a":"\\ud800"}', "{", ""])
def test_a_text_that_is_no_record_is_one_kind_of_error(text):
    with pytest.raises(DamagedRecordError):
        read_record(text)


def test_a_list_is_no_record_and_a_whole_character_is_one():
    with pytest.raises(NoObjectError):
        parsed("[]")
    assert parsed('{"a":"\\ud83e\\udde0 \\u00fc"}') == {"a": "🧠 ü"}


def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "record.json")
    for read in (read_preset, read_bounded):
        with pytest.raises(OSError, match="Invalid argument"):
            read(tmp_path / "record.json")
    for read in (read_json, read_sealed):
        assert read(tmp_path / "record.json") == {}


def test_pipes_in_the_places_of_a_cohorts_and_a_runs_records_hold_nobody_up(tmp_path):
    for name in ("cohort.json", "settings.json", "progress.json"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(ScanError, match="damaged, or cannot be read"):
        read_about(tmp_path)
    assert TrainingRun.read(tmp_path).settings == {}
    assert read_progress(tmp_path) == {}


@pytest.mark.parametrize("kind", [TrainingRun, CalibrationRun, EvaluationRun], ids=lambda kind: kind.noun)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("progress.json", HALF),
        ("progress.json", HALF.replace("message", "sentence")),
        ("progress.json", HALF.replace('"\\ud800x"', '{"a":1}').replace("message", "sentence")),
        ("settings.json", '{"name":"a","command":"\\ud800"}'),
        ("settings.json", DEEP),
    ],
)
def test_a_run_whose_records_no_page_could_show_says_nothing(kind: type[BackgroundRun], name, text, tmp_path):
    (tmp_path / name).write_text(text)
    run = kind.read(tmp_path)
    shown = json.dumps([run.settings, run.status.progress, run.state], ensure_ascii=False)
    assert "\ud800" not in shown
    assert "{'a': 1}" not in str(getattr(run, "sentence", ""))


def odd_metrics():
    for key, value in {
        "dice_by_percentile": [1], "seen": {"trained": "x"}, "signed": ["absolute"], "reference": {"a": 1},
        "reference_ml": "x", "reference_scans": [1], "false_positive_subjects": "x", "learned": "no",
        "recall_by_size": {"1": 5},
    }.items():  # fmt: skip
        yield ("models", key, value)
    yield ("models", "dice_by_percentile", {"abc": 1})
    for key in ("lesions_found", "regions", "signed", "searched_ml", "missed"):
        yield ("per_patient", key, ABSENT)
    yield ("per_patient", "signed", "both")
    yield ("refused", "sub-1", 5)


@pytest.mark.parametrize(("where", "key", "value"), odd_metrics())
def test_figures_that_no_table_could_show_are_damaged_records(where, key, value):
    metrics = read_sealed(MEASURED / "metrics.json")
    assert is_metrics(metrics)
    odd = copy.deepcopy(metrics)
    first = {"models": lambda rows: next(iter(rows.values())), "per_patient": lambda rows: rows[0]}
    place = first.get(where, lambda rows: rows)(odd[where])
    place.pop(key, None)
    if value is not ABSENT:
        place[key] = value
    assert not is_metrics(odd)


@pytest.mark.parametrize("change", ["shorter", "empty", "no points", "no rows"])
def test_curves_that_cannot_be_drawn_are_damaged_records(change):
    curves = read_sealed(MEASURED / "curves.json")
    assert is_curves(curves)
    odd = copy.deepcopy(curves)
    first = next(iter(odd["models"].values()))
    if change == "shorter":
        first["normal"].pop()
    elif change == "empty":
        first.update({key: [] for key in first})
    elif change == "no points":
        first.update({"recall": [], "precision": [], "threshold": []})
    else:
        odd["models"] = {}
    assert not is_curves(odd)


def test_a_curve_of_a_row_that_the_metrics_lack_is_not_shown(tmp_path):
    curves = read_sealed(MEASURED / "curves.json")
    odd = curves | {"models": curves["models"] | {"nobody": next(iter(curves["models"].values()))}}
    (tmp_path / "curves.json").write_text(json.dumps(odd))
    (tmp_path / "metrics.json").write_bytes((MEASURED / "metrics.json").read_bytes())
    assert EvaluationRun.read(tmp_path).curves()["models"].keys() == curves["models"].keys()


@pytest.mark.parametrize(
    "text",
    ['{"state":5}', '{"state":"done"}', '{"state":"done","files":[]}', '{"state":"done","files":[1]}',
     '{"state":"refused","scan":[]}', '{"state":"refused","regions":[1]}', '{"state":"refused","sentence":"\\ud800"}',
     DEEP],
)  # fmt: skip
def test_an_odd_log_is_a_scan_to_be_done_again_and_the_table_is_made(text, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "sub-01_space-a.json").write_text(text)
    sound = {"state": "refused", "sentence": "It is a mask.", "model": "a", "files": [], "scan": {}, "regions": []}
    (tmp_path / "logs" / "sub-02_space-a.json").write_text(json.dumps(sound))
    assert read_log(tmp_path / "logs" / "sub-01_space-a.json") == {}
    write_group((BidsScan(Path("s.nii"), "01"), BidsScan(Path("t.nii"), "02")), tmp_path)
    rows = (tmp_path / "group.tsv").read_text().splitlines()[1:]
    assert ["missing" in row for row in rows] == [True, False]


def test_a_cohort_with_an_endless_number_is_refused_and_hides_no_other(tmp_path):
    for name in ("odd", "sound"):
        (tmp_path / name).mkdir()
        Image.new("L", (256, 256)).save(tmp_path / name / "sub-1_FLAIR.png")
    (tmp_path / "odd" / "cohort.json").write_text(f'{{"level": 1{"0" * 400}}}')
    with pytest.raises(RunError, match="must be a whole number"):
        usable_cohort(tmp_path / "odd")
    assert list(find_cohorts(tmp_path)) == [tmp_path / "sound"]


@pytest.mark.parametrize("name", [b"sub-M\xfcller_FLAIR.png", b"sub-1_FLAIR.png"])
def test_a_name_that_no_table_could_hold_is_refused_before_any_work(name, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + (b"/f" if name[4:5] == b"M" else b"/\xfc")))
    folder.mkdir()
    Image.new("L", (256, 256)).save(folder / os.fsdecode(name))
    with pytest.raises(ScanError, match="Rename it") as refusal:
        open_cohort(folder)
    str(refusal.value).encode()


def test_a_name_too_long_for_a_run_is_a_sentence_without_a_path(tmp_path):
    with pytest.raises(RunError, match="A name has"):
        TrainingRun.check(TrainRequest((SAMPLES / "toy_cohort",), "a" * 300), tmp_path)


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 50_000])
def test_a_snapshot_nested_too_deeply_is_none(text, tmp_path):
    (tmp_path / "snapshot-a.json").write_text(text)
    assert load_snapshot(tmp_path) is None
