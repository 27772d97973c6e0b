"""The queue of slow work: fair to each browser, kind to what is short, and bounded.

Fair queueing by finish tags (Golestani 1994, "A self-clocked fair queueing scheme"): a job's tag is the later of the
queue's clock and its owner's last tag, plus the seconds that it should take. The smallest tag is next. So who asked
for little goes before who asked for much, nobody waits for ever, and ten jobs of one browser do not hold up another's.
One lane takes any work, a second one short work alone: it need not wait for the minute that somebody else's takes.
"""

import threading
import time
from typing import Any

from pages.ui.shell.job import Cancelled, Job, Work

SHORT_SECONDS = 5.0  # what the second lane takes at most
MOST_WAITING, MOST_OF_ONE = 100, 16  # jobs; a scan and six models to compare are seven
NEWEST = 0.4  # weight of the latest time in what a kind of work usually takes


class ServerFull(Exception):  # noqa: N818  # said to the user in place of the page
    """A sentence on what there is no room for."""


class FairQueue:
    """Jobs in two lanes; `put` raises ServerFull, the rest never."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._waiting: dict[Job[Any], float] = {}  # its tag
        self._running: list[tuple[Job[Any], Work[Any]]] = []
        self._clock = 0.0
        self._last: dict[str, float] = {}  # browser -> its last tag
        self._usual: dict[str, float] = {}  # kind of work -> seconds
        self._lanes = [threading.Thread(target=self._serve, args=(short,), daemon=True) for short in (False, True)]

    def put(self, job: Job[Any], browser: str) -> None:
        """At the end of the browser's own jobs. Raises ServerFull."""
        with self._change:
            if len(self._waiting) >= MOST_WAITING:
                raise ServerFull(
                    f"{len(self._waiting)} pieces of work wait on this server, which is all that it takes. Try again "
                    "in some minutes."
                )
            if sum(browser in other.browsers for other in self._waiting) >= MOST_OF_ONE:
                raise ServerFull(
                    f"{MOST_OF_ONE} pieces of your work wait already, which is all that one browser may have waiting. "
                    "Let them end, or cancel some."
                )
            tag = max(self._clock, self._last.get(browser, 0.0)) + self._seconds(job)
            self._waiting[job] = self._last[browser] = tag
            for lane in self._lanes:
                if lane.ident is None:
                    lane.start()
            self._change.notify_all()

    def join(self, job: Job[Any], browser: str) -> None:
        """Another browser wants the same: it is due when the first of them would be served."""
        with self._change:
            if job in self._waiting and browser not in job.browsers:
                tag = max(self._clock, self._last.get(browser, 0.0)) + self._seconds(job)
                self._waiting[job] = min(self._waiting[job], tag)

    def cancel(self, job: Job[Any]) -> None:
        """Its place is free at once; under way, it ends at its next report of progress."""
        job.cancelled = True
        with self._change:
            waited = self._waiting.pop(job, None) is not None
        if waited:
            job.end(Cancelled())

    def ahead_of(self, job: Job[Any]) -> tuple[int, float] | None:
        """The job's place in the line, from 1, and the seconds until its turn; None where it does not wait."""
        with self._change:
            if job not in self._waiting:
                return None
            before = [other for other, tag in self._waiting.items() if tag < self._waiting[job]]
            seconds = {other: self._seconds(other) for other in before}
            left = {one: self._left(one, work) for one, work in self._running}
            if self._seconds(job) <= SHORT_SECONDS:  # the second lane's line: it passes what is long
                seconds = {other: time for other, time in seconds.items() if time <= SHORT_SECONDS}
                left = left if len(left) == len(self._lanes) else {}
                return len(seconds) + 1, sum(seconds.values()) + min(left.values(), default=0.0)
            return len(before) + 1, sum(seconds.values()) + sum(left.values())

    def left_of(self, job: Job[Any]) -> float | None:
        """Seconds that a job under way still takes, as far as can be known."""
        with self._change:
            return next((self._left(one, work) for one, work in self._running if one is job), None)

    def _seconds(self, job: Job[Any], work: Work[Any] | None = None) -> float:
        work = work or job.work
        return self._usual.get(work.kind, work.seconds) if work else 0.0

    def _left(self, job: Job[Any], work: Work[Any]) -> float:
        passed = time.monotonic() - (job.started or time.monotonic())
        return max(self._seconds(job, work) - passed, 1.0)

    def _serve(self, short: bool) -> None:
        while True:
            with self._change:
                while (job := self._next(short)) is None:
                    self._change.wait()
                self._clock = max(self._clock, self._waiting.pop(job))
                if (work := job.work) is None:
                    continue
                self._running.append(running := (job, work))
            job.run()
            with self._change:
                self._running.remove(running)
                if job.future.done() and job.future.exception() is None and job.started is not None:
                    took = time.monotonic() - job.started
                    before = self._usual.get(work.kind, took)
                    self._usual[work.kind] = (1 - NEWEST) * before + NEWEST * took
                self._last = {browser: tag for browser, tag in self._last.items() if tag > self._clock}
                self._change.notify_all()
            del job, work, running  # a lane that waits holds on to nobody's scan

    def _next(self, short: bool) -> Job[Any] | None:
        ready = {job: tag for job, tag in self._waiting.items() if job.is_ready()}
        if short:
            ready = {job: tag for job, tag in ready.items() if self._seconds(job) <= SHORT_SECONDS}
        return min(ready, key=lambda job: ready[job], default=None)
