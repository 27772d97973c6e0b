"""All that this server holds for its visitors: their scans, the work that is under way, and its results.

A job belongs to those who asked for it: one of them may cancel or forget it, and the others keep it. What an open page
uses is never let go; what none uses goes when room is needed, the longest unused first. Where that is not enough,
who wants more is refused with a sentence. All of a browser's goes at its word, or when its last page is closed.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any

from pages.ui.shell.fair_queue import FairQueue, ServerFull
from pages.ui.shell.job import Job, Result, Work
from pages.ui.shell.sizes import bound, held_bytes, in_words
from pages.ui.shell.visitors import Forgettable, Visitor
from pages.ui.shell.visits import Visits

SPARE = 0.125  # of what the server may hold: results that no open page uses just now


class Jobs:
    """Safe from several threads."""

    def __init__(self) -> None:
        self.queue = FairQueue()
        self.visits = Visits()
        self._kept: OrderedDict[Hashable, Job[Any]] = OrderedDict()  # the longest unused first
        self._cancelled: dict[str, dict[Hashable, Job[Any]]] = {}  # visit -> what it does not want
        self._values: dict[str, dict[str, Any]] = {}  # browser -> what it brought
        self._lock = threading.RLock()

    def arrive(self, browser: str, session: str | None) -> tuple[Visitor, bool]:
        """A connection: the visit that it begins, or goes on with, and whether it may have the session it names."""
        with self._lock:
            known = self.visits.resumed(browser, session) if session else None
            who = Visitor(browser, known or secrets.token_hex(16))
            self.visits.arrive(who)
            return who, not (session and self.visits.is_foreign(browser, session))

    def leave(self, who: Visitor) -> None:
        with self._lock:
            self.visits.leave(who)

    def sessions(self, browser: str) -> set[str]:
        """Streamlit's, of the browser's open pages."""
        with self._lock:
            return self.visits.sessions(browser)

    def turn_page(self, who: Visitor, session: str | None = None) -> None:
        """A run of the whole page begins. What the page has left behind and has not begun, need not be begun."""
        with self._lock:
            for key in self.visits.turn_page(who, session):
                if (job := self._kept.get(key)) and job.started is None:
                    self._let_go(job, who.visit)

    def start(self, who: Visitor, key: Hashable, work: Work[Result]) -> Job[Result]:
        """The job of that key, begun if there is none. Raises ServerFull."""
        with self._lock:
            self.visits.use(who, key)
            if unwanted := self._cancelled.get(who.visit, {}).get(key):
                return unwanted
            job = self._kept.get(key)
            if job is None or job.cancelled or job.is_gone():
                self.make_room(0)
                job = Job(work)
                self.queue.put(job, who.browser)
                self._kept[key] = job
            else:
                self.queue.join(job, who.browser)
            self._kept.move_to_end(key)
            job.visits.add(who.visit)
            job.browsers.add(who.browser)
            return job

    def cancel(self, who: Visitor, job: Job[Any]) -> None:
        """This visit waits for it no longer, nor for what comes after it; others may."""
        with self._lock:
            for key, other in list(self._kept.items()):
                if who.visit in other.visits and other.comes_after(job):
                    self._cancelled.setdefault(who.visit, {})[key] = other
                    self._let_go(other, who.visit)

    def is_cancelled(self, who: Visitor, job: Job[Any]) -> bool:
        """Whether this visit cancelled it."""
        with self._lock:
            return any(job is unwanted for unwanted in self._cancelled.get(who.visit, {}).values())

    def restart(self, who: Visitor) -> None:
        """What the visit cancelled may be begun again."""
        with self._lock:
            self._cancelled.pop(who.visit, None)

    def abandon(self, who: Visitor, job: Job[Any]) -> None:
        """The visit no longer looks at it: where nobody else does, and it is not done, it ends."""
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept is job]:
                self.visits.give_up(who, key)
            self._let_go(job, who.visit)

    def values(self, who: Visitor) -> dict[str, Any]:
        """What the browser brought, by name: to read and to add to."""
        with self._lock:
            self.visits.see(who)
            return self._values.setdefault(who.browser, {})

    def forget(self, who: Visitor) -> None:
        """All of this browser's, at once; nothing of anybody else's."""
        with self._lock:
            self._drop_values(who.browser)
            for visit in self.visits.of_browser(who.browser):
                self._end_visit(visit)
            self.visits.forget(who.browser)
            self._disown({who.browser})

    def forget_results(self, who: Visitor, scan: Hashable) -> None:
        """This browser's results of the scan of that key, at once."""
        with self._lock:
            of_scan = [job for key, job in self._kept.items() if isinstance(key, tuple) and scan in key]
            for job in of_scan:
                for visit in self.visits.of_browser(who.browser):
                    self._let_go(job, visit)
            self._disown({who.browser}, of_scan)

    def sweep(self) -> list[str | None]:
        """Let go of what belongs to pages that are closed: for each, the session that ends with it, if one does."""
        with self._lock:
            over = self.visits.end()
            for visit in over:
                self._end_visit(visit)
            known = self.visits.browsers()
            for browser in set(self._values) - known:
                self._drop_values(browser)
            self._disown({browser for job in self._kept.values() for browser in job.browsers} - known)
            return list(over.values())

    def make_room(self, wanted: int) -> None:
        """For so many bytes more, at the cost of results that no open page uses. Raises ServerFull."""
        with self._lock:
            used = self.visits.in_use()
            awaited = [job.work.after for job in self._kept.values() if job.work is not None]
            unused = [key for key, job in self._kept.items()
                      if key not in used and job.future.done() and not any(job is one for one in awaited)]  # fmt: skip
            while unused and (self.held() + wanted > bound() or self._bytes_of(unused) > SPARE * bound()):
                self._kept.pop(unused.pop(0)).release()
            if self.held() + wanted <= bound():
                return
            raise ServerFull(
                f"This server is full: open pages hold {in_words(self.held())} of scans and results, of "
                f"{in_words(bound())} that it may. Nothing of theirs is dropped. Try again when a page was closed, or "
                "forget scans of your own."
            )

    def held(self) -> int:
        """Bytes of all scans and results."""
        with self._lock:
            return held_bytes(*self._values.values()) + self._bytes_of(self._kept)

    def _bytes_of(self, some: Iterable[Hashable]) -> int:
        done = [job.future for key in some if (job := self._kept[key]).future.done()]
        return held_bytes(*(future.result() for future in done if future.exception() is None))

    def _let_go(self, job: Job[Any], visit: str) -> None:
        job.visits.discard(visit)
        if not job.visits and not job.future.done():
            self.queue.cancel(job)
            for key in [key for key, kept in self._kept.items() if kept is job]:
                del self._kept[key]

    def _drop_values(self, browser: str) -> None:
        values = self._values.pop(browser, {})
        for value in values.values():
            if isinstance(value, Forgettable):
                value.forget()
        values.clear()

    def _end_visit(self, visit: str) -> None:
        self._cancelled.pop(visit, None)
        for job in list(self._kept.values()):
            self._let_go(job, visit)

    def _disown(self, browsers: set[str], some: Iterable[Job[Any]] | None = None) -> None:
        """All jobs, or some, are no longer theirs."""
        for key, job in list(self._kept.items()):
            if some is not None and not any(job is one for one in some):
                continue
            job.browsers -= browsers
            if not job.browsers:
                self._kept.pop(key).release()


@cache
def jobs() -> Jobs:
    """Of this server."""
    return Jobs()
