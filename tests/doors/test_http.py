"""The HTTP door: 202 and a job, the same gates, a bounded queue, a token, and nothing of a patient in the log."""

import asyncio
import errno
import gzip
import json
import threading
import time
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import nibabel as nib
import numpy as np
import pytest
from starlette.exceptions import HTTPException

from benchmarks.bids_app import small_dataset
from tests.support.dicom_files import series, zipped
from tests.support.http_door import serving
from uad_core import detect
from uad_core.doors import http
from uad_core.doors.http import HEADERS, build_app
from uad_core.doors.http_setting import setting_of
from uad_core.doors.jobs import QueueFullError, ScanJobs
from uad_core.doors.one_scan import ScanTask, give_up, process_scan
from uad_core.doors.openapi import DESCRIPTION

QUERY = "model=intensity&slab=paper&median_size=3"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serve") / "log.txt") as one:
        yield one


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A small skull-stripped scan in atlas space."""
    (path,) = small_dataset(tmp_path_factory.mktemp("http"), 1).rglob("*_FLAIR.nii.gz")
    return path


def test_a_scan_is_taken_in_and_its_mask_is_that_of_python(door, scan):
    status, headers, data = door.ask("POST", f"/scans?{QUERY}", scan.read_bytes())
    assert status == 202
    assert headers["location"] == f"/scans/{json.loads(data)['id']}"
    state = door.finished(headers["location"])
    setting = setting_of({"model": "intensity", "slab": "paper", "median_size": "3"})
    found = detect(scan, model="intensity", config=setting.config, prepare_options=setting.prepare_options)
    assert (state["state"], state["sentence"]) == ("done", found.summary)
    assert len(state["regions"]) == len(found.lesions)
    (name,) = [name for name in state["files"] if name.endswith("_mask.nii.gz")]
    status, _, data = door.ask("GET", state["files"][name])
    assert status == 200
    np.testing.assert_array_equal(nib.Nifti1Image.from_bytes(gzip.decompress(data)).dataobj, found.mask)
    assert door.ask("GET", f"{headers['location']}/files/../../scan")[0] == 404
    assert door.ask("DELETE", headers["location"])[0] == 204
    assert door.json("GET", headers["location"])[0] == 404


def test_without_the_token_nothing_is_said_or_taken(door, scan):
    for method, path in (("POST", "/scans"), ("GET", "/scans/x"), ("DELETE", "/scans/x"), ("GET", "/scans/x/files/y")):
        for token in (None, "another", ""):
            assert door.json(method, path, scan.read_bytes() if method == "POST" else None, token)[0] == 401


def test_a_scan_that_will_not_do_is_refused_as_everywhere_and_leaves_no_trace_in_the_log(door):
    head = zipped(series(PatientName="CANARY^PATIENT", PatientID="CANARY"))
    for body, said in ((b"CANARY, no scan", "no "), (head, "")):
        status, state = door.json("POST", f"/scans?{QUERY}", body)
        assert status == 202
        state = door.finished(f"/scans/{state['id']}")
        assert state["state"] == "refused"
        assert said in state["sentence"]
        assert state["files"] == {}
        assert "CANARY" not in json.dumps(state)
    door.ask("GET", "/scans/CANARY?name=CANARY")
    assert "CANARY" not in door.log.read_text()
    assert "taken in" in door.log.read_text()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("percentile=101", "percentile must be a number from 0 to 100"),
        ("percentile=high", "must be a number"),
        ("patient=7", "There is no setting 'patient'"),
        ("model=nobody", "There is no checkpoint of that name"),
        ("slab=neck", "must be one of paper, whole"),
        ("median_size=4", "median_size must be one of"),
        ("look=own-mask", "must be one of everywhere"),
        ("percentile=98&percentile=5", "given twice"),
    ],
)
def test_a_setting_that_will_not_do_is_a_sentence_at_once(door, scan, query, said):
    status, answer = door.json("POST", f"/scans?{query}", scan.read_bytes())
    assert status == 400
    assert said in answer["sentence"]


def test_an_empty_body_and_unknown_places_are_sentences(door):
    assert door.json("POST", "/scans", b"")[0] == 400
    assert door.json("GET", "/scans/nobody")[0] == 404
    assert door.json("GET", "/nowhere")[0] == 404
    assert door.json("GET", "/scans")[0] == 405


def test_more_scans_than_may_wait_are_turned_away_and_what_waits_can_be_deleted(tmp_path):
    begun, go_on = threading.Event(), threading.Event()

    def process(task):
        begun.set()
        go_on.wait()
        return {"state": "done", "files": []}

    jobs = ScanJobs(tmp_path, 1, process)
    setting = setting_of({"model": "intensity"})

    def send():
        upload = jobs.new_upload()
        upload.write_bytes(b"scan")
        return jobs.add(upload, setting)

    first = send()
    begun.wait()
    second = send()
    assert (first.state, second.state) == ("running", "waiting")
    with pytest.raises(QueueFullError):
        jobs.new_upload()
    assert len(list(tmp_path.iterdir())) == 2, "nothing of what was turned away is kept"
    assert not jobs.delete(first)
    assert jobs.delete(second)
    go_on.set()
    jobs.close()
    assert first.state == "done"
    assert [path.name for path in tmp_path.iterdir()] == [first.id]


def test_a_scan_that_is_coming_in_has_its_place_in_the_queue(tmp_path):
    jobs = ScanJobs(tmp_path, 1, lambda task: {"state": "done", "files": []})
    upload = jobs.new_upload()
    with pytest.raises(QueueFullError):
        jobs.new_upload()
    jobs.drop(upload)
    jobs.drop(jobs.new_upload())
    jobs.close()


def test_whatever_ends_the_work_on_a_scan_the_next_one_is_done(tmp_path):
    def process(task):
        if not done:
            done.append(task)
            raise OSError(errno.ENOSPC, "No space left on device")
        return {"state": "done", "files": []}

    done, jobs = [], ScanJobs(tmp_path, 4, process)
    first, second = (jobs.add(jobs.new_upload(), setting_of({"model": "intensity"})) for _ in range(2))
    while not second.is_over:
        time.sleep(0.01)
    jobs.close()
    assert (first.state, first.record["sentence"], second.state) == ("failed", "No space left on device.", "done")


def test_a_log_that_cannot_be_written_is_a_failed_scan_and_no_crash(tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be")
    task = ScanTask(tmp_path / "scan", "one", tmp_path / "out", setting_of({"model": "intensity"}))
    for record in (process_scan(task), give_up(task)):
        assert record["state"] == "failed"
        assert record["sentence"] in ("Not a directory.", "File exists.")


def test_every_answer_has_its_headers_and_only_this_machines_names_are_answered(door):
    for method, path in (("GET", "/openapi.json"), ("GET", "/nowhere"), ("GET", "/scans"), ("POST", "/scans")):
        assert door.ask(method, path, token=None)[1].keys() >= set(HEADERS)
    for host, status in (("evil.example", 400), ("localhost", 200), (urlsplit(door.address).netloc, 200)):
        connection = HTTPConnection(urlsplit(door.address).netloc, timeout=30)
        connection.request("GET", "/openapi.json", headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, set(answer.headers) >= set(HEADERS)) == (status, True)
        connection.close()


def test_a_scan_that_stops_coming_in_is_given_up(tmp_path, monkeypatch):
    async def stalled():
        yield b"abc"
        await asyncio.sleep(60)

    monkeypatch.setattr(http, "STALLED_SECONDS", 0.05)
    with pytest.raises(HTTPException) as refusal:
        asyncio.run(http._receive(SimpleNamespace(stream=stalled), tmp_path / "scan"))
    assert refusal.value.status_code == 408


def test_the_description_names_every_route_and_no_other(tmp_path, door):
    jobs = ScanJobs(tmp_path, 1, lambda task: {"state": "done"})
    routes = {
        (route.path, method.lower()) for route in build_app(jobs, "t").routes for method in route.methods - {"HEAD"}
    }
    jobs.close()
    assert routes == {(path, method) for path, entry in DESCRIPTION["paths"].items() for method in entry}
    assert door.json("GET", "/openapi.json", token=None) == (200, DESCRIPTION)
    named = {one["name"] for one in DESCRIPTION["paths"]["/scans"]["post"]["parameters"]}
    with pytest.raises(ValueError, match="there are") as error:
        setting_of({"nothing": "1"})
    assert named == set(str(error.value).split("there are: ")[1].rstrip(".").split(", "))
