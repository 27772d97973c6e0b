"""Long work outside the script: it survives reruns and reloads, and its result is kept for a while."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import streamlit as st

from pages.ui.shell import keys
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError

Result = TypeVar("Result")
KEPT = 16  # results; a scan and six models to compare are seven
PATIENCE = 2.0  # s, when the app is opened: drawing a progress bar and redoing the page is slow in a browser
KEPT_SECONDS = 30 * 60.0  # patients' data do not stay for the life of the server


class Cancelled(Exception):  # noqa: N818  # not an error
    """The user cancelled the job."""


@dataclass
class Job(Generic[Result]):
    """`step` and `fraction` say how far it is; once `cancelled`, it ends at the next report of progress."""

    step: str = "waiting"
    fraction: float = 0.0
    used: float = field(default_factory=time.monotonic)
    future: Future[Result] = field(default_factory=Future)
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True

    def on_progress(self, step: str, fraction: float) -> None:
        """Raises Cancelled: long work calls this often, and so ends where it is."""
        if self.cancelled:
            raise Cancelled
        self.step, self.fraction = step, fraction


class Jobs:
    """One worker thread for all sessions, so that two scans do not fight for two cores."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._jobs: OrderedDict[Any, Job[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, key: Any, work: Callable[[Callable[[str, float], None]], Result]) -> Job[Result]:
        """The job of that key, begun if there is none; `work` gets a function to report progress to."""
        with self._lock:
            self._forget_old()
            if key not in self._jobs:
                job: Job[Result] = Job()
                job.future = self._worker.submit(work, job.on_progress)
                self._jobs[key] = job
            self._jobs.move_to_end(key)
            self._jobs[key].used = time.monotonic()
            return self._jobs[key]

    def drop(self, job: Job[Any]) -> None:
        """Remove a job, and all that were cancelled: they can be started again."""
        with self._lock:
            for key, kept in list(self._jobs.items()):
                if kept is job or (kept.future.done() and isinstance(kept.future.exception(), Cancelled)):
                    del self._jobs[key]

    def forget(self) -> None:
        """Drop every result, and cancel what is under way."""
        with self._lock:
            for job in self._jobs.values():
                job.cancel()
            self._jobs.clear()

    def _forget_old(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.future.done()]
        oldest = time.monotonic() - KEPT_SECONDS
        excess = finished[: max(len(self._jobs) - KEPT, 0)]
        for key in {*excess, *(key for key in finished if self._jobs[key].used < oldest)}:
            del self._jobs[key]


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    return Jobs()


def wait_for(job: Job[Result]) -> Result:
    """The job's result. Until it is there, shows progress instead of the rest of the page."""
    if st.session_state.get(keys.SCRIPT_RUNS, 1) == 1:  # later the page would show the last scan's pictures meanwhile
        _await(job, PATIENCE)
    if not job.future.done():
        _watch(job, time.monotonic())
        st.stop()
    error = job.future.exception()
    if job.cancelled or isinstance(error, Cancelled):  # cancelled in its last step it has a result, and is not wanted
        st.info("Cancelled.")
        st.button("Start again", on_click=jobs().drop, args=(job,), icon=":material/play_arrow:",
                  help="From the beginning.")  # fmt: skip
        st.stop()
    if error is None:
        return job.future.result()
    if isinstance(error, (ScanError, CheckpointError)):
        st.error(str(error), icon=":material/error:")
    else:
        logging.getLogger(__name__).error("job failed: %s", type(error).__name__)  # the text might name a patient
        st.error("Unexpected error: this scan could not be processed. Try another scan or model.")
    st.stop()


@st.fragment(run_every=0.5)
def _watch(job: Job[Any], drawn: float) -> None:
    bar, button = st.columns([6, 1], vertical_alignment="bottom")
    bar.progress(min(max(job.fraction, 0.0), 1.0), text="Cancelling" if job.cancelled else job.step.capitalize())
    # a callback: it is called even where the click meets a run of the whole page, in which this bar is not drawn
    button.button("Cancel", on_click=job.cancel, disabled=job.cancelled, help="Ends at the next step; nothing is kept.")
    if time.monotonic() > drawn + 0.3:  # not at first: the page's run has to end, for what is old to go
        _await(job, 0.4)  # what is there is drawn at once, not half a second later
    if job.future.done():
        st.rerun()


def _await(job: Job[Any], seconds: float) -> None:
    """Until it is done or the time is over, or until the user does something else."""
    end = time.monotonic() + seconds
    while not job.future.done() and time.monotonic() < end:
        wait([job.future], 0.05)
        st.session_state.get(keys.SCRIPT_RUNS)  # lets Streamlit end this run when the user has clicked; a wait does not
