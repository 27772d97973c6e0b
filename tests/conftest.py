"""What several test files share: where things lie, and a browser on a fresh server."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import pytest

import uad_core  # noqa: F401  # before any test loads torch, so that its threads sleep while they wait
from tools.running_app import FLAGS, chromium, running_app
from uad_core.io import kept
from uad_core.io.paths import ROOT

SHARED_DATA = ROOT.parent / "shared" / "data"  # real scans beside the project, where there are any


def pytest_addoption(parser):
    parser.addoption("--write-inputs", action="store_true", help="write docs/INPUTS.md from tests/inputs (make inputs)")


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_the_machine():
    """A connection to another machine fails the test that tries it."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] != "localhost":
            host = ipaddress.ip_address(address[0].partition("%")[0])
            assert host.is_loopback or host.is_unspecified, "a test connects to another machine"
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real scans of ../shared/data are not here")
    return SHARED_DATA


@pytest.fixture
def kept_folder(tmp_path, monkeypatch) -> Path:
    """Where what is kept of shipped scans goes, in place of the project's own."""
    monkeypatch.setattr(kept, "PREPARED", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app's address, on a server that nobody has visited yet, and its log file."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(log) as address:
        yield address, log


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium, driven by Playwright; required where REQUIRE_CHROMIUM is set."""
    executable = chromium()
    if executable is None:
        assert not os.environ.get("REQUIRE_CHROMIUM"), "Chromium is required here and not installed"
        pytest.skip("no Chromium on this machine, so the app was not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield instance
        instance.close()
