"""The view of a training: progress, curves, pictures, and what can be done with it."""

from itertools import cycle, islice
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.inputs.model import LEVELS, is_whole
from pages.ui.runs.view import attempt, offer_deletion, offer_rename, offer_resume, offer_stop, state_name
from pages.ui.shell import keys
from pages.ui.viewer.charts import COLOURS, show_chart
from uad_core.render.colours import GREEN
from uad_core.runs.training import TrainingRun

LOSS_NAMES = {"l1": "mean absolute error"}
LOSSES = [colour for colour in COLOURS if colour != GREEN]  # that one is the held-out slices'


def draw_progress(run: TrainingRun) -> None:
    """Where it stands, in one line, over a bar; or why it failed."""
    now = run.status.progress
    if run.state == "failed":
        st.error(run.status.message or "The training failed.", icon=":material/error:")
    elif run.state == "interrupted":
        st.warning("Interrupted: its process is gone. Resume it from its last snapshot.", icon=":material/warning:")
    elif run.state == "done":
        st.success(f"Done. Checkpoint {run.checkpoint} can be chosen in every list of models.")
        if run.learned is False:
            st.warning("It did not learn: the median training slice fits held-out healthy slices better.")
    share, parts = 0.0, ["Stopping, after saving" if run.is_stopping else state_name(run)]
    if run.state in ("load", "calibrate"):
        share = now.get("fraction") or 0.0
    elif run.state != "starting" and (epochs := now.get("epochs")):
        epoch = now.get("epoch", 0)
        share = (epoch + ((now.get("fraction") or 0.0) if now.get("stage") == "train" else 0.0)) / epochs
        parts.append(f"epoch {min(epoch + 1, epochs)} of {epochs}")
    if run.is_active and now.get("images_per_second"):
        parts.append(f"{now['images_per_second']:.1f} slices/s")
    if run.is_active and (seconds := now.get("seconds_left")) is not None:
        left = f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
        parts.append(f"{f'{seconds:.0f} s' if seconds < 90 else left} left")
    st.progress(1.0 if run.state == "done" else min(max(share, 0.0), 1.0), text=" · ".join(parts))


def offer_actions(run: TrainingRun) -> None:
    """Stop, resume, use, rename or delete it; whichever makes sense now."""
    with st.container(horizontal=True):
        offer_stop(run, "Saves and ends; it can be resumed later.", run.is_stopping or run.state == "starting")
        offer_resume(run, "Resume", "Continues from its last snapshot.")
        if run.state in ("stopped", "interrupted"):
            st.button(
                "Use as it is", on_click=attempt, args=(TrainingRun, run.finish_now),
                help="Ends the epoch that it stands in, measures what healthy scans leave, and writes the checkpoint. "
                "The training can be resumed afterwards.",
            )  # fmt: skip
        if run.state == "done" and st.button("Open in Detect", type="primary", help="Use this model on scans."):
            st.session_state.update({keys.MODEL: run.checkpoint, keys.LEVELS: LEVELS[is_whole(run.checkpoint)]})
            st.switch_page("pages/detect.py")
        if not run.is_active:
            offer_rename(run)
            offer_deletion(run, run.checkpoint if run.has_checkpoint else "", run.delete_checkpoint)


def draw_waiting(run: TrainingRun) -> None:
    """What stands where curves and pictures will be."""
    if run.is_active:
        st.info("The loss curve and pictures of held-out slices appear after the first epoch.")
    elif run.state == "done":
        st.info("This model has nothing to learn, so there is no loss curve; it was only calibrated on healthy scans.")
    else:
        st.info("It ended within its first epoch, so there is no loss curve yet.")


def draw_curve(name: str, curve: list[dict[str, Any]]) -> None:
    """Each loss and the error on held-out slices over the epochs of run `name`."""
    losses = [key for key in curve[-1] if key not in ("epoch", "images_per_second", "validation")]
    names = {key: LOSS_NAMES.get(key, key) for key in losses} | {"validation": "held-out slices"}
    figure = go.Figure()
    for key, colour in zip(names, (*islice(cycle(LOSSES), len(losses)), GREEN), strict=True):
        points = [(entry["epoch"] + 1, entry[key]) for entry in curve if entry.get(key) is not None]
        figure.add_scatter(
            x=[x for x, _ in points], y=[y for _, y in points], name=names[key], line={"color": colour},
            mode="lines+markers" if len(points) < 30 else "lines",
        )  # fmt: skip
    show_chart(
        figure, f"curve_{name}", height=380, uirevision=name, showlegend=True,
        xaxis={"title": "epoch", "rangemode": "tozero"},
        yaxis={"title": "loss", "type": "log", "dtick": "D2", "tickformat": ".2g"},
    )  # fmt: skip


def draw_picture(run: TrainingRun, generates: bool) -> None:
    """The newest held-out slices, above their reconstructions, or above slices that the model `generates`."""
    picture = run.picture()
    if picture is None:
        st.info("The first picture of held-out slices is on its way.")
        return
    name, data = picture
    below = "slices that the model generates" if generates else "as the model reconstructs them, and the residual"
    caption = f"After epoch {int(name.rpartition('_')[2]) + 1}: healthy slices held out; below, {below}."
    st.image(data, caption, width="stretch", output_format="PNG", alt=caption)
