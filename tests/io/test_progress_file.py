"""progress.json: its keys, what is left out, and how it ends."""

import json
import os

import pytest

from uad_core.io.progress_file import UNFORESEEN, ProgressWriter, read_progress
from uad_core.io.volume import ScanError


def test_the_file_says_stage_process_time_and_message_and_what_else_is_known(tmp_path):
    ProgressWriter(tmp_path).write("train", {"epoch": 3, "validation": float("nan"), "losses": {"l1": float("inf")}})
    record = json.loads((tmp_path / "progress.json").read_text())
    assert list(record) == ["stage", "epoch", "validation", "losses", "pid", "updated", "message"]
    assert (record["stage"], record["epoch"], record["validation"], record["losses"]) == (
        "train",
        3,
        None,
        {"l1": None},
    )
    assert (record["pid"], record["message"]) == (os.getpid(), "")
    assert read_progress(tmp_path) == record


def test_only_what_comes_too_soon_in_one_stage_and_is_not_urgent_is_left_out(tmp_path):
    writer, seen = ProgressWriter(tmp_path, least_seconds=60), []
    for stage, count, urgent in (("load", 1, False), ("load", 2, False), ("load", 3, True), ("train", 4, False)):
        writer.write(stage, {"count": count}, urgent=urgent)
        seen.append(read_progress(tmp_path)["count"])
    assert seen == [1, 1, 3, 4]


@pytest.mark.parametrize(
    ("error", "stage", "message"),
    [
        (None, "done", ""),
        (KeyboardInterrupt(), "stopped", ""),
        (ScanError("cohort", "No subject could be evaluated."), "failed", "No subject could be evaluated."),
        (OSError(28, "No space left on device"), "failed", "No space left on device."),
        (KeyError("sub-1, a name"), "failed", UNFORESEEN),
    ],
)
def test_it_ends_with_a_sentence_that_names_nobody(tmp_path, error, stage, message):
    ProgressWriter(tmp_path, least_seconds=60).write_end(error, {})
    assert (read_progress(tmp_path)["stage"], read_progress(tmp_path)["message"]) == (stage, message)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_missing_or_damaged_file_reads_as_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "progress.json").write_bytes(content)
    assert read_progress(tmp_path) == {}
