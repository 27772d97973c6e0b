"""The server's door: what every request must be like, what every response carries, and who is at the other end.

Streamlit checks hosts and origins for its websocket alone, and takes every port of this machine for its own; here both
are checked for each request, ports and all. A browser gets a random key as an HttpOnly cookie of the paths that need
it; the scripts of a page see neither the key nor the cookie (see `visitors.py`).
"""

import asyncio
import hashlib
import logging
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime, exists, get_instance
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.ui.shell.headers import headers
from pages.ui.shell.jobs import jobs
from pages.ui.shell.sizes import give_back_memory
from pages.ui.shell.uploads import upload_refusal
from pages.ui.shell.visitors import HEADER, Visitor
from pages.ui.shell.visits import grace_seconds

COOKIE = "uad_browser"
KEY = re.compile(r"[0-9a-f]{64}")
CLOSED = ("metrics", "st-metrics", "script-health-check")  # last parts of addresses that nobody here asks for
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
USER = "x-forwarded-user"  # whom a proxy with a login let in: two users of one browser are two
PROTOCOLS = "sec-websocket-protocol"  # Streamlit's: its own name, the XSRF token, the session to go on with


class Doors:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, private = False, "/media/" in scope["path"]

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _add(message, headers() | ({"cache-control": "no-store"} if private else {}))
            await send(message)

        if refusal := _refusal(scope):
            await refusal(scope, receive, send_with_headers)
            return
        try:
            await self.app(_without_visitor(scope), receive, send_with_headers)
        except Exception as error:
            logging.getLogger(__name__).error("request failed: %s", type(error).__name__)  # its text may name a patient
            if begun:
                raise
            await PlainTextResponse("Something went wrong here.", 500)(scope, receive, send_with_headers)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "websocket.http.response.start":
                _add(message, headers())
            await send(message)

        if refusal := _refusal(scope):
            await refusal(scope, receive, send_with_headers)
            return
        scope = _without_visitor(scope)
        key, session = _key(scope), _session(scope)
        fresh = key or secrets.token_hex(32)
        who, may_resume = jobs().arrive(_browser(scope, fresh), session)
        scope["headers"].append((HEADER.encode(), who.in_header().encode()))
        if not may_resume:
            _drop_session(scope)

        opened = False

        async def send_with_key(message: Message) -> None:
            nonlocal opened
            if message["type"] == "websocket.close" and not opened:  # a refusal is a response like any other
                await PlainTextResponse("Not found.", 403)(scope, receive, send_with_headers)
                return
            if message["type"] == "websocket.accept":
                opened = True
                _add(message, headers())
                if key is None:
                    path = f"{scope.get('root_path', '')}{scope['path'].rpartition('/')[0]}/"
                    MutableHeaders(scope=message).append(
                        "set-cookie", f"{COOKIE}={fresh}; Path={path}; HttpOnly; SameSite=Strict"
                    )
            await send(message)

        try:
            await self.app(scope, receive, send_with_key)
        finally:
            _close(who)


def _close(who: Visitor) -> None:
    """When a connection is lost; a while later all that nobody came back for goes."""
    jobs().leave(who)
    asyncio.get_running_loop().call_later(grace_seconds() + 1, sweep)


def sweep() -> None:
    """Let go of what belongs to closed pages, here and in Streamlit's own memory; on the server's event loop."""
    over = jobs().sweep()
    runtime: Runtime | None = get_instance() if exists() else None
    for session in over:
        if runtime and session and not runtime.is_active_session(session):
            runtime.close_session(session)
    if over:
        give_back_memory()


def _refusal(scope: Scope) -> PlainTextResponse | None:
    asked = Headers(scope=scope)
    hosts, origins = asked.getlist("host"), asked.getlist("origin")
    if len(hosts) != 1 or not is_host_allowed(hosts[0]):
        return PlainTextResponse("This server does not go by that name.", 400)
    if len(origins) > 1 or (origins and not _is_same(origins[0], hosts[0])):
        return PlainTextResponse("This server answers its own pages alone.", 403)
    if scope["path"].rstrip("/").rpartition("/")[2].lower() in CLOSED:
        return PlainTextResponse("Not found.", 404)
    if scope["type"] == "http" and scope["method"] in ("PUT", "DELETE"):
        length = asked.get("content-length", "")
        refused = upload_refusal(_browser(scope, _key(scope)), scope["path"], int(length) if length.isdecimal() else 0)
        return PlainTextResponse(refused[1], refused[0]) if refused else None
    return None


def _is_same(origin: str, host: str) -> bool:
    """Whether a page of that origin came from this host and port. A proxy may have spoken https for us."""
    try:
        page = urlsplit(origin)
        here = urlsplit(f"{page.scheme}://{host}")
        default = PORTS[page.scheme]
        return (page.hostname, page.port or default) == (here.hostname, here.port or default) != (None, default)
    except (ValueError, KeyError):  # `null` is no origin of ours either
        return False


def _without_visitor(scope: Scope) -> Scope:
    """No browser names itself a visitor: that is ours to do."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != HEADER.encode()]}


def _key(scope: Scope) -> str | None:
    try:
        cookie = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie and KEY.fullmatch(cookie.value) else None


def _browser(scope: Scope, key: str | None) -> str:
    """A name for the browser and for whom it is used by; the key cannot be read from it."""
    return hashlib.sha256(f"{key} {Headers(scope=scope).get(USER, '')}".encode()).hexdigest()


def _session(scope: Scope) -> str | None:
    parts = [part.strip() for part in Headers(scope=scope).get(PROTOCOLS, "").split(",")]
    return parts[2] if len(parts) > 2 and parts[2] else None


def _drop_session(scope: Scope) -> None:
    """The session that is asked for is another browser's."""
    asked = MutableHeaders(scope=scope)
    asked[PROTOCOLS] = ",".join(asked[PROTOCOLS].split(",")[:2])


def _add(message: Message, more: dict[str, str]) -> None:
    MutableHeaders(scope=message).update(more)
