"""The server detects the scan that the app opens on before anybody asks, and keeps it whoever comes and goes."""

import pytest

from pages.ui.inputs.first_scan import detect_first_scan
from pages.ui.inputs.scan import lighting, reconstructing
from pages.ui.inputs.selected_scan import FIRST, bundled
from pages.ui.shell.jobs import jobs
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint


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
