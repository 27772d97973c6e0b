"""The training page: start a training, watch it, stop it, resume it. All it knows is in the run folders."""

import streamlit as st

from pages.ui.runs.view import draw_command, draw_log, draw_problem, pick
from pages.ui.shell.page import banner, start_page
from pages.ui.train.form import ask_for_data, ask_for_model, ask_for_settings
from pages.ui.train.progress import draw_curve, draw_picture, draw_progress, draw_waiting, offer_actions
from uad_core.runs.training import TrainingRun


def main() -> None:
    start_page()
    runs = TrainingRun.all()
    with st.sidebar:
        chosen = pick(TrainingRun, runs, lambda run: run.is_active)
    if chosen is None:
        _ask(runs)
    else:
        st.subheader(chosen.name, anchor=False)
        every = 1 if chosen.is_active else None
        st.fragment(run_every=every)(_watch)(chosen, [(run.name, run.state) for run in runs])
    banner()


def _ask(runs: list[TrainingRun]) -> None:
    st.subheader("New training", anchor=False)
    st.caption(
        "A model learns what a brain looks like from healthy subjects alone. Some of them are held out: they decide "
        "which epoch is the best, and which residual a percentile stands for."
    )
    data, model = st.columns(2, gap="medium")
    with data:
        ask_for_data()
    with model:
        ask_for_model()
    ask_for_settings()
    draw_problem(TrainingRun)
    if busy := [run.name for run in runs if run.is_active]:
        st.warning(f"Already running: {', '.join(busy)}. Two trainings at once slow each other down.")


def _watch(run: TrainingRun, seen: list[tuple[str, str]]) -> None:
    """Drawn again every second while the training is active; the whole page when a state has changed."""
    if seen != [(other.name, other.state) for other in TrainingRun.all()]:
        st.rerun()
    run = TrainingRun.read(run.folder)
    draw_problem(TrainingRun)
    draw_progress(run)
    offer_actions(run)
    if curve := run.curve():
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            draw_curve(run.name, curve)
        with right:
            draw_picture(run, generates=curve[-1].get("validation") is None)
    else:
        draw_waiting(run)
    command, log = st.columns(2, gap="medium")
    with command:
        draw_command(str(run.settings.get("command") or ""))
    with log:
        draw_log(run)


main()
