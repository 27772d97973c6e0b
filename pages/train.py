"""The training page: order a training, watch it, stop it, resume it. All it knows stands in the run folders."""

import streamlit as st

from pages.ui.shell.page import banner, start_page
from pages.ui.train.form import ask_for_data, ask_for_model, ask_for_settings
from pages.ui.train.progress import (
    NEW,
    draw_curve,
    draw_details,
    draw_picture,
    draw_problem,
    draw_progress,
    draw_waiting,
    offer_actions,
    pick_run,
)
from uad_core.runs.training import Run, list_runs, read_run


def main() -> None:
    start_page()
    runs = list_runs()
    with st.sidebar:
        name = pick_run(runs)
    chosen = next((run for run in runs if run.name == name), None)
    if chosen is None:
        _order(runs)
    else:
        st.subheader(chosen.name, anchor=False)
        every = 1 if chosen.is_active else None
        st.fragment(run_every=every)(_watch)(chosen, [(run.name, run.state) for run in runs])
    banner()


def _order(runs: list[Run]) -> None:
    st.subheader(NEW, anchor=False)
    st.caption(
        "A model learns from healthy subjects alone what a brain looks like. Some of them are held out: by them the "
        "best epoch is chosen, and what a percentile means."
    )
    data, model = st.columns(2, gap="medium")
    with data:
        ask_for_data()
    with model:
        ask_for_model()
    ask_for_settings()
    draw_problem()
    if busy := [run.name for run in runs if run.is_active]:
        st.warning(f"At work already: {', '.join(busy)}. Two trainings at once slow each other down.")


def _watch(run: Run, seen: list[tuple[str, str]]) -> None:
    """Drawn anew every second while the training is at work, and all of the page when something has turned."""
    if seen != [(other.name, other.state) for other in list_runs()]:
        st.rerun()
    run = read_run(run.folder)
    draw_problem()
    draw_progress(run)
    offer_actions(run)
    if curve := run.curve():
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            draw_curve(run.name, curve)
        with right:
            draw_picture(run, invents=curve[-1].get("validation") is None)
    else:
        draw_waiting(run)
    draw_details(run)


main()
