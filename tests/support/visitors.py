"""People at a server: visits, pieces of work that end when the test says so, and what is left of a job."""

import threading
from itertools import count

from pages.ui.shell.job import Job, Work
from pages.ui.shell.jobs import Jobs
from pages.ui.shell.visitors import Visitor

_numbers = count()


def arrive(jobs: Jobs, browser: str | None = None) -> Visitor:
    """An open page of that browser, or of one that nobody has seen yet."""
    return jobs.arrive(browser or f"browser {next(_numbers)}", None)[0]


def quick(value=1, kind="quick", seconds=1.0, after=None) -> Work:
    """Work that is done at once."""
    return Work(lambda on_progress: value, kind, seconds, after)


class Held:
    """Work that goes on until `go` is set, and reports progress then."""

    def __init__(self, value="whole", kind="held", seconds=100.0):
        self.go, self.begun = threading.Event(), threading.Event()

        def do(on_progress):
            self.begun.set()
            assert self.go.wait(20)
            on_progress("next", 0.5)
            return value

        self.work = Work(do, kind, seconds)


def outcome(job: Job):
    """What a job has come to: its result, or its error's type."""
    error = job.future.exception(10)
    return type(error) if error else job.future.result()
