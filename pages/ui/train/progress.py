"""The view of a training: the list to choose from, progress, curves, pictures, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.inputs.model import LEVELS, is_whole
from uad_core.cohorts.find import RunError
from uad_core.runs.training import Run, resume, stop

NEW = "New training"
STATES = {
    "starting": "Starting",
    "load": "Preparing scans",
    "train": "Training",
    "calibrate": "Measuring healthy residuals",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
COLOURS = ("#0072B2", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")
HELD_OUT = "#009E73"


def pick_run(runs: list[Run]) -> str:
    """The sidebar's list: a new training, or one of those found in the folder of runs. The link carries it."""
    names = [NEW, *(run.name for run in runs)]
    if st.session_state.get("run") not in names:
        busy = next((run.name for run in runs if run.is_active), NEW)
        asked = st.query_params.get("run")
        st.session_state["run"] = asked if asked in names else busy
    captions = ["", *("Stopping" if run.is_stopping else STATES.get(run.state, run.state) for run in runs)]
    help_text = "All trainings found in the folder runs/. They go on without this page and without its server."
    name = st.radio("Trainings", names, captions=captions, key="run", help=help_text)
    st.query_params["run"] = name
    return name


def attempt(action: Callable[[], Run]) -> None:
    """Start or resume a run and go to its view, or leave a sentence for `draw_problem`."""
    try:
        st.session_state["run"] = action().name
    except RunError as error:
        st.session_state["train_problem"] = str(error)


def draw_problem() -> None:
    """Why the last attempt did not succeed; gone with the next thing the user does."""
    if problem := st.session_state.pop("train_problem", None):
        st.error(problem, icon=":material/error:")


def draw_progress(run: Run) -> None:
    """Where it stands, in one line, over a bar; or why it failed."""
    now = run.progress
    if run.state == "failed":
        st.error(run.message or "The training failed.", icon=":material/error:")
    elif run.state == "interrupted":
        st.warning("Interrupted: its process is gone. Resume it from its last snapshot.", icon=":material/warning:")
    elif run.state == "done":
        st.success(f"Done. Checkpoint {run.name} can be chosen in every list of models.")
        if run.learned is False:
            st.warning("It did not learn: the median training slice fits held-out healthy slices better.")
    share, parts = 0.0, ["Stopping, after saving" if run.is_stopping else STATES.get(run.state, run.state)]
    if run.state not in ("starting", "load", "calibrate") and now.get("epochs"):
        inside = now.get("fraction", 0.0) if now.get("stage") == "train" else 0.0
        share = (now["epoch"] + inside) / now["epochs"]
        parts.append(f"epoch {min(now['epoch'] + 1, now['epochs'])} of {now['epochs']}")
    if run.state in ("load", "calibrate"):
        share = now.get("fraction", 0.0)
    if run.is_active and now.get("images_per_second"):
        parts.append(f"{now['images_per_second']:.1f} slices/s")
    if run.is_active and now.get("seconds_left") is not None:
        parts.append(f"{_duration(now['seconds_left'])} left")
    st.progress(1.0 if run.state == "done" else min(max(share, 0.0), 1.0), text=" · ".join(parts))


def offer_actions(run: Run) -> None:
    """Stop, resume or use it; whichever makes sense now."""
    with st.container(horizontal=True):
        if run.is_active:
            off = run.is_stopping or run.state == "starting"
            st.button("Stop", icon=":material/stop:", on_click=stop, args=(run,), disabled=off,
                      help="Saves where it stands and ends; it can be resumed later.")  # fmt: skip
        if run.can_resume:
            st.button("Resume", icon=":material/play_arrow:", type="primary", on_click=attempt,
                      args=(lambda: resume(run),), help="Goes on from its last snapshot.")  # fmt: skip
        if run.state == "done" and st.button("Open in Detect", type="primary", help="Look at scans with this model."):
            st.session_state.update(model=run.name, levels=LEVELS[is_whole(run.name)])
            st.switch_page("pages/detect.py")


def draw_waiting(run: Run) -> None:
    """What stands where curves and pictures will be."""
    if run.is_active:
        st.info("The loss curve and pictures of held-out slices come after the first epoch.")
    elif run.state == "done":
        st.info("This model has nothing to learn, so there is no loss curve; it was measured on healthy scans alone.")
    else:
        st.info("It ended within its first epoch, so there is no loss curve yet.")


def draw_curve(name: str, curve: list[dict[str, Any]]) -> None:
    """Each loss and the error on held-out slices over the epochs of run `name`."""
    losses = [key for key in curve[-1] if key not in ("epoch", "images_per_second", "validation")]
    names = {key: key for key in losses} | {"validation": "held-out slices"}
    figure = go.Figure()
    for key, colour in zip(names, (*islice(cycle(COLOURS), len(losses)), HELD_OUT), strict=True):
        points = [(entry["epoch"] + 1, entry[key]) for entry in curve if entry.get(key) is not None]
        figure.add_scatter(
            x=[x for x, _ in points], y=[y for _, y in points], name=names[key], line={"color": colour},
            mode="lines+markers" if len(points) < 30 else "lines",
        )  # fmt: skip
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        uirevision=name,
        showlegend=True,
        xaxis={"title": "epoch", "rangemode": "tozero"},
        yaxis={"title": "loss", "type": "log", "exponentformat": "power"},
    )
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False}, key=f"curve_{name}")


def draw_picture(run: Run, invents: bool) -> None:
    """The newest held-out slices as the model reconstructs them; beside some that it `invents`, where it can."""
    picture = run.picture()
    if picture is None:
        st.info("The first picture of held-out slices is on its way.")
        return
    name, data = picture
    below = "slices that the model invents" if invents else "as the model reconstructs them, and the residual"
    epoch = int(name.rpartition("_")[2]) + 1
    st.image(
        data, f"After epoch {epoch}: healthy slices held out; below, {below}.", width="stretch", output_format="PNG"
    )


def draw_details(run: Run) -> None:
    """The order as a command line, and what the process printed."""
    order, log = st.columns(2, gap="medium")
    with order.expander("How to run this again"):
        st.code(run.settings.get("command") or "not known yet", language=None, wrap_lines=True)
    with log.expander("What it printed"):
        st.code(run.log() or "nothing", language=None, wrap_lines=True)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{round(seconds)} s" if seconds < 90 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
