"""Nothing leaves the machine: the app does all that it does without a network. `make test-offline`: the whole suite."""

import socket
import subprocess
import sys

import pytest

from tools.offline import is_possible
from uad_core.io.paths import ROOT

pytestmark = pytest.mark.timeout(600)
OFFLINE = [sys.executable, "-m", "tools.offline", sys.executable]
needs_namespaces = pytest.mark.skipif(
    not is_possible(), reason="this machine makes no network namespaces, so nothing was tried without a network"
)


def ended(*words):
    return subprocess.run([*OFFLINE, *words], cwd=ROOT, capture_output=True, text=True)


@needs_namespaces
def test_there_is_no_way_out_of_where_these_tests_run():
    tried = ended("-c", "import socket; socket.create_connection(('192.0.2.1', 80), 5)")
    assert tried.returncode == 1
    assert "Network is unreachable" in tried.stderr


@needs_namespaces
def test_the_app_shows_a_detection_without_a_network():
    visit = ended("-m", "tests.support.visit_offline")
    assert visit.returncode == 0, visit.stdout[-2000:] + visit.stderr[-2000:]


def test_a_test_that_connects_to_another_machine_fails():
    with socket.socket() as way, pytest.raises(AssertionError, match="another machine"):
        way.connect(("192.0.2.1", 80))
