"""Which pages are open, and what each of them uses: the jobs that its last two runs asked for."""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

from streamlit import config

from pages.ui.shell.visitors import Visitor


def grace_seconds() -> float:
    """For a reload, or a lost connection: as long as Streamlit keeps a session."""
    return float(config.get_option("server.disconnectedSessionTTL"))


@dataclass
class _Visit:
    browser: str
    connected: bool = False
    seen: float = field(default_factory=time.monotonic)
    session: str | None = None
    now: set[Hashable] = field(default_factory=set)
    before: set[Hashable] = field(default_factory=set)


class Visits:
    """Not safe from several threads by itself: `Jobs` holds its lock."""

    def __init__(self) -> None:
        self._open: dict[str, _Visit] = {}

    def arrive(self, who: Visitor) -> None:
        """A connection was opened: the visit lives until it is closed, however long its user is silent."""
        self._of(who).connected = True

    def leave(self, who: Visitor) -> None:
        """The connection is closed; the visit ends a while later."""
        visit = self._of(who)
        visit.connected, visit.seen = False, time.monotonic()

    def turn_page(self, who: Visitor, session: str | None) -> set[Hashable]:
        """A run of the whole page begins; what the run before asked for is still in use.

        Returns the keys that no longer are: those of the runs before that one.
        """
        visit = self._of(who)
        over = visit.before - visit.now
        visit.before, visit.now, visit.session = visit.now, set(), session
        return over

    def see(self, who: Visitor) -> None:
        """It shows that it is there."""
        self._of(who).seen = time.monotonic()

    def use(self, who: Visitor, key: Hashable) -> None:
        """The visit asks for the job of that key."""
        self.see(who)
        self._of(who).now.add(key)

    def give_up(self, who: Visitor, key: Hashable) -> None:
        """It looks at it no longer."""
        self._of(who).now.discard(key)
        self._of(who).before.discard(key)

    def forget(self, browser: str) -> None:
        """None of the browser's visits uses anything any more."""
        for visit in self._open.values():
            if visit.browser == browser:
                visit.now, visit.before = set(), set()

    def in_use(self) -> set[Hashable]:
        """Keys of all jobs that an open page uses."""
        return {key for visit in self._open.values() for key in (*visit.now, *visit.before)}

    def of_browser(self, browser: str) -> set[str]:
        """Names of its visits."""
        return {name for name, visit in self._open.items() if visit.browser == browser}

    def sessions(self, browser: str) -> set[str]:
        """Streamlit's, of the browser's open pages."""
        return {visit.session for visit in self._open.values() if visit.browser == browser and visit.session}

    def browsers(self) -> set[str]:
        """With a visit that has not ended."""
        return {visit.browser for visit in self._open.values()}

    def resumed(self, browser: str, session: str) -> str | None:
        """The visit that a connection takes on by naming its session; None where there is none to take on."""
        waiting = {name: visit for name, visit in self._open.items() if not visit.connected}
        return next((name for name, one in waiting.items() if (one.browser, one.session) == (browser, session)), None)

    def is_foreign(self, browser: str, session: str) -> bool:
        """Whether the session is another browser's: who names it has read it somewhere."""
        return any(visit.session == session and visit.browser != browser for visit in self._open.values())

    def end(self) -> dict[str, str | None]:
        """Take out what is over: visit -> the session that ends with it; None where another visit has taken it on."""
        oldest = time.monotonic() - grace_seconds()
        over = {name: visit for name, visit in self._open.items() if not visit.connected and visit.seen < oldest}
        for name in over:
            del self._open[name]
        taken = {visit.session for visit in self._open.values()}
        return {name: None if visit.session in taken else visit.session for name, visit in over.items()}

    def _of(self, who: Visitor) -> _Visit:
        return self._open.setdefault(who.visit, _Visit(who.browser))
