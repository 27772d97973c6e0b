"""The training page: start a training, watch it, stop it, resume it. All it knows is in the run folders."""

import streamlit as st

from pages.ui.runs.view import draw_command, draw_log, draw_problem, pick
from pages.ui.shell.page import banner, start_page
from pages.ui.train import form, progress
from pages.ui.train.calibration import offer_calibration
from uad_core.runs.training import TrainingRun


def ask(runs: list[TrainingRun]) -> None:
    """The form of a new training."""
    st.subheader("New training", anchor=False)
    st.caption(
        "A model learns what a brain looks like from healthy subjects alone. Some of them are held out: they decide "
        "which epoch is the best, and which residual a percentile stands for."
    )
    form.offer_toy_cohort()
    data, model = st.columns(2, gap="medium")
    with data:
        form.ask_for_data()
    with model:
        form.ask_for_model()
    form.ask_for_settings()
    draw_problem(TrainingRun)
    offer_calibration()
    if busy := [run.name for run in runs if run.is_active]:
        st.warning(f"Already running: {', '.join(busy)}. Two trainings at once slow each other down.")


def watch(run: TrainingRun, seen: list[tuple[str, str]]) -> None:
    """Drawn again every second while the training is active; the whole page when a state has changed."""
    if seen != [(other.name, other.state) for other in TrainingRun.all()]:
        st.rerun()
    run = TrainingRun.read(run.folder)
    draw_problem(TrainingRun)
    progress.draw_progress(run)
    progress.offer_actions(run)
    if curve := run.curve():
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            progress.draw_curve(run.name, curve)
        with right:
            progress.draw_picture(run, generates=curve[-1].get("validation") is None)
    else:
        progress.draw_waiting(run)
    command, log = st.columns(2, gap="medium")
    with command:
        draw_command(str(run.settings.get("command") or ""))
    with log:
        draw_log(run)


start_page()
trainings = TrainingRun.all()
with st.sidebar:
    chosen = pick(TrainingRun, trainings, lambda run: run.is_active)
if chosen is None:
    ask(trainings)
else:
    st.subheader(chosen.name, anchor=False)
    every = 1 if chosen.is_active else None
    st.fragment(run_every=every)(watch)(chosen, [(run.name, run.state) for run in trainings])
banner()
