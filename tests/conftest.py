"""What several test files share: where things lie, and a browser on a fresh server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import uad_core  # noqa: F401  # before any test loads torch, so that its threads sleep while they wait
from uad_core.io.paths import ROOT

SHARED_DATA = ROOT.parent / "shared" / "data"  # real scans beside the project, where there are any


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real scans of ../shared/data are not here")
    return SHARED_DATA


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app's address, on a server that nobody has visited yet, and its log file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(f"{address}/_stcore/health", process)
            yield address, log
        finally:
            process.terminate()


def wait_until_up(url: str, process: subprocess.Popen, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise TimeoutError("the server did not come up")


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium, driven by Playwright; required where REQUIRE_CHROMIUM is set."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        assert not os.environ.get("REQUIRE_CHROMIUM"), "Chromium is required here and not installed"
        pytest.skip("no Chromium on this machine, so the app was not tried in a browser")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield instance
        instance.close()
