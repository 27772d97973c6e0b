"""Who is at the other end: a browser, known by a random key of our own, and its visits, one an open connection.

The server's door (`doors.py`) names both in a header of the connection; no page sees the key itself.
"""

import secrets
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import streamlit as st

from pages.ui.shell import keys

HEADER = "x-uad-visitor"


@dataclass(frozen=True)
class Visitor:
    """The session of one open page.

    Attributes:
        browser: whose scans it sees; a name that the browser's key cannot be read from.
        visit: this connection; two tabs of a browser are two visits.
    """

    browser: str
    visit: str

    def in_header(self) -> str:
        return f"{self.browser}.{self.visit}"


@runtime_checkable
class Forgettable(Protocol):
    """What a browser brought and its tabs may still hold: it empties itself."""

    def forget(self) -> None: ...


def visitor() -> Visitor:
    """Whose script this is."""
    browser, _, visit = (st.context.headers.get(HEADER) or "").partition(".")
    if browser and visit:
        st.session_state[keys.VISITOR] = Visitor(browser, visit)
    elif keys.VISITOR not in st.session_state:  # without the server's door: a test of a page
        name = secrets.token_hex(16)
        st.session_state[keys.VISITOR] = Visitor(name, name)
    known: Visitor = st.session_state[keys.VISITOR]  # also while the connection is lost
    return known
