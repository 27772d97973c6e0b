"""Long work outside the script: it survives reruns and reloads, and its result is kept while an open page uses it."""

import logging
import time
from collections.abc import Hashable
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.job import Cancelled, Forgotten, Job, Result, Work
from pages.ui.shell.jobs import jobs
from pages.ui.shell.visitors import Visitor, visitor
from uad_core.io.errors import TOO_LITTLE_MEMORY, is_out_of_memory
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError

SHORT = 1.0  # s, as long as work that is expected to take no longer may take: a bar would come and go
PATIENCE = 2.0  # s, when the app is opened: drawing a progress bar and redoing the page is slow in a browser


def kept() -> dict[str, Any]:
    """What is kept for this browser, by name: to read and to add to."""
    return jobs().values(visitor())


def begin(key: Hashable, work: Work[Result], who: Visitor | None = None) -> Job[Result]:
    """The job of that key, begun if there is none; where there is no room, a sentence in place of the page.

    `who`: for whom, if not for the visitor whose script this is.
    """
    try:
        return jobs().start(who or visitor(), key, work)
    except ServerFull as full:
        st.warning(str(full), icon=":material/hourglass_full:")
        st.button("Try again", icon=":material/refresh:", help="Asks once more.")
        st.stop()


def done(key: Hashable, work: Work[Result]) -> Result:
    """The result of `begin`, as `wait_for` has it."""
    return wait_for(begin(key, work))


def wait_for(job: Job[Result]) -> Result:
    """The job's result. Until it is there, shows progress instead of the rest of the page."""
    first, work = st.session_state.get(keys.SCRIPT_RUNS, 1) == 1, job.work
    if first or (work is not None and work.seconds <= SHORT):  # else the last scan's pictures would stand meanwhile
        _await(job, PATIENCE if first else SHORT)
    if jobs().is_cancelled(visitor(), job):  # where it was cancelled in its last step, its result is not wanted
        st.info("Cancelled.")
        st.button("Start again", on_click=jobs().restart, args=(visitor(),), icon=":material/play_arrow:",
                  help="From the beginning.")  # fmt: skip
        st.stop()
    if not job.future.done():
        _watch(job, time.monotonic())
        st.stop()
    error = job.future.exception()
    if error is None:
        return job.future.result()
    if isinstance(error, (Cancelled, Forgotten)):  # while this page ran: it was another tab's
        st.rerun()
    if isinstance(error, (ScanError, CheckpointError)):
        st.error(str(error), icon=":material/error:")
    elif is_out_of_memory(error):
        st.error(TOO_LITTLE_MEMORY, icon=":material/error:")
    else:
        logging.getLogger(__name__).error("job failed: %s", type(error).__name__)  # the text might name a patient
        st.error("Unexpected error: this scan could not be processed. Try another scan or model.")
    st.stop()


@st.fragment(run_every=0.5)
def _watch(job: Job[Any], drawn: float) -> None:
    who, bar = visitor(), st.columns([6, 1], vertical_alignment="bottom")
    cancelled = jobs().is_cancelled(who, job)
    bar[0].progress(min(max(job.fraction, 0.0), 1.0), text="Cancelling" if cancelled else _state(job))
    # a callback: it is called even where the click meets a run of the whole page, in which this bar is not drawn
    bar[1].button("Cancel", on_click=jobs().cancel, args=(who, job), disabled=cancelled,
                  help="Ends at the next step; nothing is kept.")  # fmt: skip
    if time.monotonic() > drawn + 0.3:  # not at first: the page's run has to end, for what is old to go
        _await(job, 0.4)  # what is there is drawn at once, not half a second later
    if job.future.done() or jobs().is_cancelled(who, job):
        st.rerun()


def _state(job: Job[Any]) -> str:
    """Its place in the line, or what is done just now, with the seconds that it will still take."""
    if ahead := jobs().queue.ahead_of(job):
        place, seconds = ahead
        return f"Waiting: number {place} in the line, its turn in about {max(round(seconds), 1)} s"
    left = jobs().queue.left_of(job)
    return job.step.capitalize() + (f", about {round(left)} s left" if left and left > 2 else "")


def _await(job: Job[Any], seconds: float) -> None:
    """Until it is done or the time is over, or until the user does something else."""
    end = time.monotonic() + seconds
    while not job.future.done() and time.monotonic() < end:
        time.sleep(0.02)
        st.session_state.get(keys.SCRIPT_RUNS)  # lets Streamlit end this run when the user has clicked; a wait does not
