"""One piece of slow work: how far it is, who waits for it, and how it ended."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
OnProgress = Callable[[str, float], None]


class Cancelled(Exception):  # noqa: N818  # not an error
    """Nobody waits for the job any more."""


class Forgotten(Exception):  # noqa: N818  # not an error
    """The job's result was taken out of memory."""


@dataclass(frozen=True, eq=False)
class Work(Generic[Result]):
    """What is to be done.

    Attributes:
        do: gets a function to report progress to: a step's name, and the share done, [0, 1].
        kind: work of one kind takes about as long each time.
        seconds: what one of its kind takes, before any was done.
        after: has to be done before; where it fails, this fails likewise.
    """

    do: Callable[[OnProgress], Result]
    kind: str
    seconds: float = 2.0
    after: "Job[Any] | None" = None


@dataclass(eq=False)
class Job(Generic[Result]):
    """`step` and `fraction` say how far it is; once `cancelled`, it ends at the next report of progress.

    Attributes:
        visits: who wait for it, or look at its result.
        browsers: whose it is.
    """

    work: Work[Result] | None  # None once it has ended: it may hold on to a scan
    step: str = "waiting"
    fraction: float = 0.0
    started: float | None = None  # s, of time.monotonic
    cancelled: bool = False
    future: Future[Result] = field(default_factory=Future)
    visits: set[str] = field(default_factory=set)
    browsers: set[str] = field(default_factory=set)

    def on_progress(self, step: str, fraction: float) -> None:
        """Raises Cancelled: long work calls this often, and so ends where it is."""
        if self.cancelled:
            raise Cancelled
        self.step, self.fraction = step, fraction

    def run(self) -> None:
        """Do the work; never raises. What a failure leaves on the stack, a scan perhaps, is not kept."""
        work = self.work
        if self.future.done() or work is None:
            return
        self.started = time.monotonic()
        try:
            if work.after is not None:
                work.after.future.result()
                if work.after.cancelled:  # in its last step: its result is not wanted
                    raise Cancelled
            self.on_progress("starting", 0.0)
            result = work.do(self.on_progress)
        except BaseException as error:
            self.end(error)
        else:
            self.work = None
            if not self.future.done():
                self.future.set_result(result)

    def end(self, error: BaseException) -> None:
        """Without a result."""
        error.__traceback__ = error.__cause__ = error.__context__ = None
        self.work = None
        if not self.future.done():
            self.future.set_exception(error)

    def release(self) -> None:
        """Let go of the result, also where somebody still holds the job."""
        self.future = Future()
        self.end(Forgotten())

    def is_ready(self) -> bool:
        """Whether what comes before it is done."""
        return self.work is None or self.work.after is None or self.work.after.future.done()

    def is_gone(self) -> bool:
        """Whether it ended with nothing to show, at somebody's word."""
        return self.future.done() and isinstance(self.future.exception(), (Cancelled, Forgotten))

    def comes_after(self, first: "Job[Any]") -> bool:
        """Whether it is that job, or waits for it, be it through others."""
        return self is first or bool(self.work and self.work.after and self.work.after.comes_after(first))
