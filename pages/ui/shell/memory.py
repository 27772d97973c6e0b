"""What a browser has brought along, in the server's memory: it outlives a reload, not half an hour of silence."""

import hashlib
import secrets
import threading
import time
from itertools import cycle
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from pages.ui.shell.tasks import KEPT_SECONDS

KEPT_BROWSERS = 8  # each may hold a scan of some hundred megabytes


class Memory:
    """Values by browser and name."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def of(self, browser: str) -> dict[str, Any]:
        """The browser's values; asking for them keeps them for longer."""
        with self._lock:
            now = time.monotonic()
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < KEPT_SECONDS}
            values = self._kept.pop(browser, (now, {}))[1]
            self._kept[browser] = (now, values)  # the newest last
            for oldest in list(self._kept)[:-KEPT_BROWSERS]:
                del self._kept[oldest]
            return values


@st.cache_resource(show_spinner=False)
def _memory() -> Memory:
    return Memory()


def kept() -> dict[str, Any]:
    """What is kept for this browser, by name: to read, to add to, and to clear."""
    return _memory().of(_browser())


def _browser() -> str:
    """A name for this browser that its cookie cannot be read from; without cookies, a name for this session."""
    if cookie := st.context.cookies.get("_streamlit_xsrf"):
        return hashlib.sha256(_token(cookie)).hexdigest()
    name: str = st.session_state.setdefault(keys.BROWSER, secrets.token_hex(16))
    return name


def _token(cookie: str) -> bytes:
    """What stays the same in the cookie: `2|mask|masked token|time` is masked anew at every load of the page."""
    parts = cookie.split("|")
    try:
        mask, masked = (bytes.fromhex(part) for part in parts[1:3])
    except ValueError:
        return cookie.encode()
    token = bytes(byte ^ key for byte, key in zip(masked, cycle(mask), strict=False))
    return token or cookie.encode()
