"""The example of a server for several people: Debian's nginx with a login in front of the app."""

import base64
import os
import re
import shutil
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.pages.test_doors import REQUIRED, ask
from tools.running_app import free_port, running_app
from uad_core.io.paths import ROOT

NAME = "uad.hospital.example"
ANN = {"authorization": "Basic " + base64.b64encode(b"ann:secret").decode()}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """The proxy's address, and the log of its requests."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed here, so the example of a server with a login was not tried")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    digest = subprocess.run(["openssl", "passwd", "-apr1", "secret"], capture_output=True, text=True, check=True).stdout
    (folder / "users").write_text(f"ann:{digest}")
    port = free_port()
    with running_app(folder / "app.txt", f"--server.allowedHosts={NAME}", "--server.allowedHosts=127.0.0.1") as address:
        text = (ROOT / "examples" / "nginx.conf").read_text()
        for there, here in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
            ("127.0.0.1:8501", urlsplit(address).netloc),
            ("/etc/nginx/uad.users", str(folder / "users")),
            ("/var/log/nginx/uad.log", str(folder / "access.log")),
        ):
            assert there in text
            text = text.replace(there, here)
        me = "user root;\n" if os.geteuid() == 0 else ""  # its workers read the folder of a test
        text = re.sub(r" *ssl_certificate.*\n", "", text)
        (folder / "nginx.conf").write_text(f"{me}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n{text}")
        with subprocess.Popen([nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]) as process:
            try:
                wait_for_port(f"http://127.0.0.1:{port}", process)
                yield f"http://127.0.0.1:{port}", folder / "access.log"
            finally:
                process.terminate()


def wait_for_port(address, process):
    for _ in range(100):
        assert process.poll() is None, "nginx ended by itself"
        try:
            ask(address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("nginx did not come up")


def test_nobody_gets_in_without_a_login(proxy):
    assert ask(proxy[0], host=NAME)[0] == 401
    assert ask(proxy[0], "/_stcore/health", host=NAME)[0] == 401
    assert ask(proxy[0], host=NAME, authorization="Basic " + base64.b64encode(b"ann:guess").decode())[0] == 401


def test_who_is_let_in_gets_the_app_with_all_its_headers_and_a_secure_cookie(proxy):
    status, headers = ask(proxy[0], host=NAME, **ANN)
    assert status == 200
    assert headers.keys() >= {*REQUIRED, "strict-transport-security"}
    assert ask(proxy[0], host="evil.example", **ANN)[0] == 400
    socket = page(proxy[0], f"http://{NAME}")
    cookies = socket.response.headers.get_all("set-cookie")
    assert any(one.startswith("uad_browser=") and "Secure" in one and "HttpOnly" in one for one in cookies)
    socket.close()


def test_a_foreign_page_is_refused_behind_the_proxy_too(proxy):
    with pytest.raises(InvalidStatus) as refused:
        page(proxy[0], "https://evil.example")
    assert refused.value.response.status_code == 403


def test_the_log_names_no_address_of_a_page(proxy):
    ask(proxy[0], "/detect?scan=CANARY", host=NAME, **ANN)
    text = proxy[1].read_text()
    assert " ann GET 200 " in text
    assert "CANARY" not in text
    assert "detect" not in text


def page(address, origin):
    """The websocket of a page that was opened under the server's own name."""
    import socket

    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname, parts.port))
    url = f"ws://{NAME}/_stcore/stream"
    return connect(url, sock=connection, origin=origin, additional_headers=ANN, subprotocols=["streamlit"], proxy=None)
