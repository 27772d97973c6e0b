"""The server detects the scan that the app opens on before anybody asks, and keeps it whoever comes and goes."""

from dataclasses import replace

import pytest

from pages.ui.inputs.first_scan import detect_first_scan
from pages.ui.inputs.scan import lighting, reconstructing
from pages.ui.inputs.selected_scan import FIRST, bundled, opens_on
from pages.ui.shell.jobs import jobs
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint
from uad_core.preprocess.from_file import PrepareOptions


@pytest.fixture
def empty_server():
    jobs.cache_clear()
    yield
    jobs.cache_clear()


def test_who_opens_the_app_finds_its_scan_detected(empty_server):
    detect_first_scan()
    choice, checkpoint = bundled(FIRST), load_checkpoint(STRONGEST)
    for browser in ("one", "another"):
        who, _ = jobs().arrive(browser, None)
        found = reconstructing(choice, checkpoint, who)
        assert found.future.done()
        lights = lighting(choice, found.future.result(), who)
        assert lights.future.result(timeout=60)
        jobs().forget(who)  # what a visitor forgets, the server's own visit keeps


def test_a_checkpoint_that_is_missing_keeps_no_server_from_starting(empty_server, monkeypatch):
    monkeypatch.setattr("pages.ui.inputs.first_scan.STRONGEST", "none of that name")
    detect_first_scan()
    assert jobs().held() == 0


def test_what_a_user_brings_is_never_kept_on_disk():
    shipped = bundled(FIRST)
    assert opens_on(shipped, STRONGEST)
    assert not opens_on(replace(shipped, uploaded=True), STRONGEST)
    assert not opens_on(replace(shipped, prepare_options=PrepareOptions(shading=False)), STRONGEST)
