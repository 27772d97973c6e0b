"""An evaluation that is under way or ended early: progress, stop, start again."""

import streamlit as st

from pages.ui.runs.view import attempt, draw_log, offer_deletion, state_name
from uad_core.runs.evaluation import EvaluationRun


def draw_progress(evaluation: EvaluationRun) -> None:
    """Where it stands, in one line over a bar; or why it ended."""
    progress, state = evaluation.status.progress, evaluation.state
    done, total = progress.get("done", 0), progress.get("total", 0)
    if state == "failed":
        st.error(evaluation.status.message, icon=":material/error:")
    elif state == "interrupted":
        st.warning("Interrupted: its process is gone.", icon=":material/warning:")
    elif state == "stopped":
        st.info("Stopped. Of an unfinished evaluation nothing is kept.")
    if not evaluation.is_active:
        return
    parts = [state_name(evaluation)]
    if state != "starting" and total:
        parts.append(f"{done} of {total} subjects")
    if state == "evaluate" and (left := progress.get("seconds_left")) is not None:
        parts.append(f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left")
    share = done / total if state != "starting" and total else 0.0
    st.progress(min(share, 1.0), text=" · ".join(parts))


def offer_actions(evaluation: EvaluationRun) -> None:
    """Stop, or start again; whichever makes sense now."""
    if evaluation.is_active:
        st.button("Stop", icon=":material/stop:", on_click=evaluation.stop,
                  help="Ends it at once; only its settings are kept.")  # fmt: skip
    elif evaluation.can_resume:
        st.button("Start again", icon=":material/play_arrow:", type="primary", on_click=attempt,
                  args=(EvaluationRun, evaluation.resume),
                  help="With the same settings, from the beginning.")  # fmt: skip
    if not evaluation.is_active:
        offer_deletion(evaluation)
    if evaluation.log():
        draw_log(evaluation)
