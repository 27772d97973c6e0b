"""The slow work behind the painted lesion, in the queue of jobs; what is there already is shown at once."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.inputs.scan import reconstructing
from pages.ui.inputs.selected_scan import bundled
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


@dataclass(frozen=True, eq=False)
class Looks:
    """The jobs of one lesson's lesion, one a model each: the grey and slice on view at first, then all greys."""

    first: Sequence[Job[Any]]
    full: Sequence[Job[Any]]

    @property
    def work(self) -> Sequence[Job[Any]]:
        return self.full or self.first

    @property
    def sweeps(self) -> list[Sweep]:
        """Through all greys, those that are there already."""
        return _finished(self.full)

    @property
    def shown(self) -> dict[str, Sweep]:
        """The best that is there already, by model."""
        return {one.model: one for one in (*_finished(self.first), *self.sweeps)}


def looks_at(
    checkpoints: Sequence[Checkpoint], lesion: PaintedLesion, signed: Sign, view: tuple[float, int] | None = None
) -> Looks:
    """Every model reconstructs the healthy scan, and when it has, looks at the lesion.

    The setting is the paper's but for the residual's sign. `view`: the grey and the index of the slice on view, which
    every model looks at before the first begins its sweep through all greys.
    """
    choice, config = bundled(HEALTHY), DetectConfig(postprocess=PostprocessConfig(signed))

    def jobs_of(greys: tuple[float, ...], only: int | None) -> list[Job[Any]]:
        return [job(checkpoint, greys, only) for checkpoint in checkpoints]

    def job(checkpoint: Checkpoint, greys: tuple[float, ...], only: int | None) -> Job[Any]:
        reconstruct = reconstructing(choice, checkpoint)
        if not _is_done(reconstruct):
            return reconstruct
        reconstruction, step = reconstruct.future.result(), f"{checkpoint.name} looks at the lesion"

        def work(on_progress: OnProgress) -> Sweep:
            return sweep(reconstruction, lesion, greys, config, lambda share: on_progress(step, share), only)

        kind = f"sweep {checkpoint.name}, {len(greys)} greys"
        return begin((choice.key, checkpoint.identity, lesion, signed, greys, only), Work(work, kind, len(greys) / 3))

    asked = tuple(checkpoint.identity for checkpoint in checkpoints), lesion, signed
    begun = view is None or st.session_state.get(keys.LESSON["swept"]) == asked
    full = jobs_of(INTENSITIES, None) if begun else []
    first = jobs_of(view[:1], view[1]) if view and not (full and all(map(_is_done, full))) else []
    if not full and len(_finished(first)) == len(first):
        st.session_state[keys.LESSON["swept"]] = asked
        full = jobs_of(INTENSITIES, None)
    abandon_all_but([*first, *full])
    return Looks(first, full)


def abandon_all_but(work: Sequence[Job[Any]]) -> None:
    """Give up what this session has asked for and no longer looks at: the queue is one for all that is slow."""
    for reference in st.session_state.get(keys.LESSON["work"], ()):
        job = reference()
        if job is not None and not any(job is wanted for wanted in work):
            jobs().abandon(visitor(), job)
    st.session_state[keys.LESSON["work"]] = tuple(weakref.ref(job) for job in work)


def wait(looks: Looks, drawn: int) -> None:
    """Progress of the first job that is not done; the page is drawn anew when it is.

    Args:
        drawn: sweeps that are drawn already; a job may have ended since, and then nothing else would draw it.
    """
    for job in looks.work:
        wait_for(job)
    if drawn < len(looks.work):
        st.rerun()


def _finished(work: Sequence[Job[Any]]) -> list[Sweep]:
    return [job.future.result() for job in work if _is_done(job) and isinstance(job.future.result(), Sweep)]


def _is_done(job: Job[Any]) -> bool:
    return job.future.done() and job.future.exception() is None
