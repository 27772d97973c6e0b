"""The slow work behind the painted lesion, in the queue of jobs; what is there already is shown at once."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.ui.inputs.scan import bundled, reconstructing
from pages.ui.shell import keys
from pages.ui.shell.tasks import Job, jobs, wait_for
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig, Sign
from uad_core.pipeline.segment import DetectConfig
from uad_core.teaching import INTENSITIES, PaintedLesion, Sweep, sweep

HEALTHY = "sub-healthy01"  # the bundled scan that is painted in


def sweeps_of(checkpoints: Sequence[Checkpoint], lesion: PaintedLesion, signed: Sign) -> list[Job[Any]]:
    """A job a model: it reconstructs the healthy scan, and when it has, a sweep of the lesion through all greys.

    The setting is the paper's but for the residual's sign.
    """
    choice, config = bundled(HEALTHY), DetectConfig(postprocess=PostprocessConfig(signed))

    def job(checkpoint: Checkpoint) -> Job[Any]:
        reconstruct = reconstructing(choice, checkpoint)
        if not _is_done(reconstruct):
            return reconstruct
        reconstruction, step = reconstruct.future.result(), f"{checkpoint.name} looks at the lesion in every grey"

        def work(on_progress: Callable[[str, float], None]) -> Sweep:
            return sweep(reconstruction, lesion, INTENSITIES, config, lambda share: on_progress(step, share))

        return jobs().start((choice.key, checkpoint.sha256, lesion, signed), work)

    work = [job(checkpoint) for checkpoint in checkpoints]
    abandon_all_but(work)
    return work


def abandon_all_but(work: Sequence[Job[Any]]) -> None:
    """Cancel what this session has queued and no longer looks at: the queue is one for all that is slow."""
    for job in st.session_state.get(keys.LESSON["work"], ()):
        if not job.future.done() and not any(job is wanted for wanted in work):
            job.cancel()
            jobs().drop(job)
    st.session_state[keys.LESSON["work"]] = tuple(work)


def finished(work: Sequence[Job[Any]]) -> list[Sweep]:
    """The sweeps that are there already."""
    return [job.future.result() for job in work if _is_done(job) and isinstance(job.future.result(), Sweep)]


def wait(work: Sequence[Job[Any]], shown: int) -> None:
    """Progress of the first job that is not done; the page is drawn anew when it is.

    Args:
        shown: sweeps that are drawn already; a job may have ended since, and then nothing else would draw it.
    """
    for job in work:
        wait_for(job)
    if shown < len(work):
        st.rerun()


def _is_done(job: Job[Any]) -> bool:
    return job.future.done() and job.future.exception() is None
