"""The slow work behind the painted lesion, in the queue of jobs; what is there already is shown at once."""

import weakref
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui.inputs.scan import bundled, reconstructing
from pages.ui.shell import keys
from pages.ui.shell.job import Job, OnProgress, Work
from pages.ui.shell.jobs import jobs
from pages.ui.shell.tasks import begin, wait_for
from pages.ui.shell.visitors import visitor
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

        def work(on_progress: OnProgress) -> Sweep:
            return sweep(reconstruction, lesion, INTENSITIES, config, lambda share: on_progress(step, share))

        return begin((choice.key, checkpoint.sha256, lesion, signed), Work(work, f"sweep {checkpoint.name}", 4.0))

    work = [job(checkpoint) for checkpoint in checkpoints]
    abandon_all_but(work)
    return work


def abandon_all_but(work: Sequence[Job[Any]]) -> None:
    """Give up what this session has asked for and no longer looks at: the queue is one for all that is slow."""
    for reference in st.session_state.get(keys.LESSON["work"], ()):
        job = reference()
        if job is not None and not any(job is wanted for wanted in work):
            jobs().abandon(visitor(), job)
    st.session_state[keys.LESSON["work"]] = tuple(weakref.ref(job) for job in work)


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
