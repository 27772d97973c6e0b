"""The server's door, on a real server: whom it answers, what every response carries, and how a browser is known."""

import http.client
import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.ui.shell import uploads
from pages.ui.shell.doors import COOKIE
from pages.ui.shell.headers import headers
from pages.ui.shell.niivue import NIIVUE
from tools.app_client import AppClient
from uad_core.io.paths import ROOT

ROUTES = (
    "/", "/detect", "/no/such/page", "/favicon.png", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics",
    "/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/media/none.nii.gz", "/component/none/index.html",
    "/_stcore/bidi-components/none", "/static/js/none.js", "/_stcore/upload_file/a/b", "/..%2f..%2fetc/passwd",
    "/auth/login", "/oauth2callback", f"/{NIIVUE.served_as}", "/niivue-0.0.0.js",
)  # fmt: skip
FOREIGN_HOSTS = ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1@evil", "[::1")
REQUIRED = {"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"}


def ask(address, path="/", method="GET", **more):
    """Status and headers; `host` and `origin` go as they are given."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.putrequest(method, path, skip_host="host" in more)
    for name, value in more.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def open_socket(address, path="/_stcore/stream", **headers):
    """The websocket of a page; the response to its handshake is in `.response`."""
    url = address.replace("http", "ws") + path
    origin = headers.pop("origin", None)
    return connect(url, origin=origin, additional_headers=headers, subprotocols=["streamlit"], proxy=None)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
def test_every_response_of_every_route_carries_the_headers(server, method):
    for path in ROUTES:
        status, got = ask(server[0], path, method)
        assert got.keys() >= REQUIRED, f"{method} {path}: {status}"
        assert got["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in got["content-security-policy"]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ROUTES)
def test_a_host_that_is_not_ours_is_refused_on_every_route(server, host, path):
    status, got = ask(server[0], path, host=host)
    assert status == 400
    assert got.keys() >= REQUIRED


def test_the_hosts_that_are_ours_are_answered(server):
    port = urlsplit(server[0]).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "LOCALHOST"):
        assert ask(server[0], "/_stcore/health", host=host)[0] == 200


FOREIGN = ["http://evil.example", "http://127.0.0.1:9999", "http://localhost:{port}", "http://127.0.0.1", "null", "",
           "https://127.0.0.1:1{port}", "file://", "http://127.0.0.1:{port}.evil.example"]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_origin_gets_nothing_even_of_another_port_of_this_machine(server, origin):
    origin = origin.format(port=urlsplit(server[0]).port)
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/media/x"):
        assert ask(server[0], path, origin=origin)[0] == 403
    with pytest.raises(InvalidStatus) as refused:
        open_socket(server[0], origin=origin)
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers.keys() >= REQUIRED


def test_a_socket_elsewhere_is_refused_with_the_headers_of_every_response(server):
    with pytest.raises(InvalidStatus) as refused:
        open_socket(server[0], path="/_stcore/elsewhere")
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers.keys() >= REQUIRED


def test_a_page_of_ours_is_answered(server):
    assert ask(server[0], "/_stcore/health", origin=server[0])[0] == 200
    with open_socket(server[0], origin=server[0]) as socket:
        assert socket.response.headers.keys() >= REQUIRED
    with open_socket(server[0]):  # no browser: it has no user's cookies
        pass


def test_a_page_behind_a_proxy_that_speaks_https_is_ours():
    from pages.ui.shell.doors import _is_same

    assert _is_same("https://uad.hospital.example", "uad.hospital.example")
    assert _is_same("https://uad.hospital.example", "uad.hospital.example:443")
    assert not _is_same("https://uad.hospital.example", "uad.hospital.example:8443")
    assert not _is_same("http://uad.hospital.example:443", "uad.hospital.example")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/", "/_stcore/METRICS", "/_stcore/%6detrics"])
def test_metrics_are_closed(server, path):
    assert ask(server[0], path)[0] == 404


def test_an_upload_without_the_token_is_refused(server):
    assert ask(server[0], "/_stcore/upload_file/a/b", "PUT", origin=server[0])[0] == 403


def test_a_browser_is_known_by_a_random_key_that_no_script_and_no_other_path_sees(server):
    keys = []
    for _ in range(2):
        with open_socket(server[0], origin=server[0]) as socket:
            cookie = next(one for one in socket.response.headers.get_all("set-cookie") if one.startswith(COOKIE))
        assert re.fullmatch(rf"{COOKIE}=[0-9a-f]{{64}}; Path=/_stcore/; HttpOnly; SameSite=Strict", cookie), cookie
        keys.append(cookie.split(";")[0])
    assert keys[0] != keys[1]
    with open_socket(server[0], origin=server[0], cookie=keys[0]) as socket:
        assert COOKIE not in str(socket.response.headers.get_all("set-cookie"))
    with open_socket(server[0], origin=server[0], cookie=f"{COOKIE}=guess") as socket:
        assert COOKIE in str(socket.response.headers.get_all("set-cookie"))
    assert "set-cookie" not in ask(server[0])[1]


def test_the_policy_lets_no_foreign_code_in():
    policy = dict(part.split(" ", 1) for part in headers()["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    for name, sources in policy.items():
        assert not re.search(r"https?:|\*|//", sources), name


def test_a_failure_within_says_nothing_of_it(caplog):
    import asyncio

    from pages.ui.shell.doors import Doors

    async def fail(scope, receive, send):
        raise RuntimeError("Jane Doe")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"127.0.0.1")]}
    asyncio.run(Doors(fail)(scope, None, send))
    assert sent[0]["status"] == 500
    assert {name.decode() for name, _ in sent[0]["headers"]} >= REQUIRED
    assert "Jane" not in str(sent) + caplog.text


def test_a_browser_cannot_name_itself_a_visitor():
    import asyncio

    from pages.ui.shell.doors import Doors

    seen = []

    async def app(scope, receive, send):
        seen.extend(value for name, value in scope["headers"] if name == b"x-uad-visitor")

    scope = {"type": "websocket", "path": "/_stcore/stream",
             "headers": [(b"host", b"127.0.0.1"), (b"X-UAD-Visitor", b"thief.visit")]}  # fmt: skip
    asyncio.run(Doors(app)(scope, None, None))
    assert len(seen) == 1
    assert b"thief" not in seen[0]


def test_two_users_of_one_browser_behind_a_login_are_two():
    from pages.ui.shell.doors import _browser

    def name(key, user):
        return _browser({"type": "http", "headers": [(b"x-forwarded-user", user.encode())]}, key)

    assert len({name("key", ""), name("key", "ann"), name("key", "bob"), name("other", "ann")}) == 4
    assert "key" not in name("key", "ann")


def test_no_file_goes_into_the_session_of_another_and_none_without_end(server, monkeypatch):
    with AppClient(server[0]) as one, AppClient(server[0]) as thief:
        for client in (one, thief):
            client.page = "scan"
            client.run()
        assert one.put(f"_stcore/upload_file/{one.session}/file", "scan.nii", b"1") == 204
        assert thief.put(f"_stcore/upload_file/{one.session}/file", "scan.nii", b"1") == 403
        assert thief.request("DELETE", f"_stcore/upload_file/{one.session}/file")[0] == 403
    monkeypatch.setattr(uploads, "most_bytes", lambda: 10)
    monkeypatch.setattr(uploads.jobs(), "sessions", lambda browser: {"mine"})
    monkeypatch.setattr(uploads, "_waiting_bytes", lambda session: 6)
    assert uploads.upload_refusal("b", "/_stcore/upload_file/mine/file", 4) is None
    assert uploads.upload_refusal("b", "/_stcore/upload_file/mine/file", 5)[0] == 413
    assert uploads.upload_refusal("b", "/_stcore/upload_file/theirs/file", 1)[0] == 403


def test_the_door_stands_before_torch_is_loaded():
    code = "import sys, pages.ui.shell.doors; assert not {'torch', 'uad_core'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_app_and_its_components_work_under_the_policy(server, browser):
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    for path, shown in (("/", "Try a bundled scan"), ("/detect", "above the threshold")):
        page.goto(server[0] + path)
        page.get_by_text(shown).first.wait_for(timeout=180_000)
    page.locator(".panels canvas").first.wait_for(timeout=240_000)
    page.locator(".js-plotly-plot, .histogram").first.wait_for(timeout=240_000)
    assert refused == []
    page.close()
