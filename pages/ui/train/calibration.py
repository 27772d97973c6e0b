"""A healthy reference of one's own for a model that is there: the form, and where the last one stands."""

from pathlib import Path

import streamlit as st

from pages.ui.runs.view import KEEP, ask_for_folder, attempt, draw_log, draw_problem, free_name, state_name
from pages.ui.shell import keys
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import checkpoint_names
from uad_core.runs.calibration import CalibrationRequest, CalibrationRun

ASKED = keys.CALIBRATE


def offer_calibration() -> None:
    """Folded away, as it is no training."""
    with st.expander("Calibrate a model to your own scanner", icon=":material/tune:"):
        st.caption(
            "Five or more healthy scans of your scanner give a model that is there a healthy reference of its own, "
            "without training: thresholds then mean a percentile of your healthy scans. The page Detect offers it "
            "under Setting, as Healthy reference."
        )
        names = checkpoint_names()
        if not names:
            st.caption("There is no checkpoint to calibrate.")
            return
        model, folder = st.columns(2)
        with model:
            usual = names.index(STRONGEST) if STRONGEST in names else 0
            st.selectbox("Model to calibrate", names, usual, key=ASKED["model"], help="A checkpoint.", **KEEP)
        with folder:
            ask_for_folder(ASKED["folder"], ", with healthy scans.", "Folder of healthy scans")
        st.button("Calibrate", on_click=_start, help="Seconds a scan, in a process of its own.")
        draw_problem(CalibrationRun)
        every = 2 if any(run.is_active for run in CalibrationRun.all()) else None
        st.fragment(run_every=every)(_watch)()


def _start() -> None:
    model, folder = st.session_state[ASKED["model"]], Path(st.session_state[ASKED["folder"]].strip() or "no-folder")
    name = free_name(model, lambda taken: (CalibrationRun.home / taken).exists())
    attempt(CalibrationRun, lambda: CalibrationRun.start(CalibrationRequest(model, folder, name)))


def _watch() -> None:
    """The latest calibration."""
    if not (runs := CalibrationRun.all()):
        return
    run = runs[0]
    now = run.status.progress
    if run.state == "failed":
        st.error(run.status.message or "The calibration failed.", icon=":material/error:")
    elif run.state == "done":
        st.success(f"{run.settings.get('model', run.name)} has a new healthy reference. {run.sentence}")
    else:
        text = f"{run.name}: {state_name(run)}"
        st.progress(min(now.get("done", 0) / max(now.get("total") or 1, 1), 1.0), text=text)
    draw_log(run)
