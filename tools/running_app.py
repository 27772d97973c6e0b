"""A fresh server of the app, and a Chromium to visit it with; for the browser's tests and benchmarks/app_latency."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uad_core.io.paths import ROOT

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
GRAPHICS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL 2 without a card


def chromium() -> str | None:
    """Where this machine's is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> int:
    """Of this machine, just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_app(
    log: Path, *options: str, temporary: Path | None = None, script: str | Path = "app.py"
) -> Iterator[str]:
    """The address of a server that nobody has visited yet; what it prints goes into `log`.

    Args:
        options: of Streamlit, `--name=value`.
        temporary: folder for the temporary files of the server and of all that it starts.
        script: what Streamlit runs.
    """
    port = free_port()
    command = [
        sys.executable,
        *("-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"),
        *options,
    ]
    env = os.environ | ({"TMPDIR": str(temporary)} if temporary else {})
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(f"{address}/_stcore/health", process)
            yield address
        finally:
            process.terminate()


def wait_until_up(url: str, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Raises TimeoutError, or AssertionError for a server that has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not come up")
