"""The list of evaluations, and one that is under way: progress, stop, start again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from uad_core.cohorts.find import RunError
from uad_core.runs.evaluation import Evaluation, delete_evaluation, start_again, stop_evaluation

NEW = "New evaluation"
STATES = {
    "starting": "Starting",
    "evaluate": "Scoring",
    "summarise": "Summarising",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Failed",
    "interrupted": "Interrupted",
}


def pick_evaluation(found: Sequence[Evaluation]) -> str:
    """The sidebar's list: a new one, or one of those in the folder of evaluations. The link carries it."""
    names = [NEW, *(evaluation.name for evaluation in found)]
    if st.session_state.get("evaluation") not in names:
        asked = st.query_params.get("evaluation")
        latest = next((one.name for one in found if one.word.is_active or one.state == "done"), NEW)
        st.session_state["evaluation"] = asked if asked in names else latest
    name = st.radio(
        "Evaluations", names, captions=["", *(STATES.get(one.state, one.state) for one in found)], key="evaluation",
        help="All evaluations found in the folder runs/evaluations. One that is under way goes on without this page "
        "and without its server.",
    )  # fmt: skip
    st.query_params["evaluation"] = str(name)
    return str(name)


def offer_deletion(evaluation: Evaluation) -> None:
    """Asks once more: nothing brings it back."""
    name = evaluation.name  # as key: open for one, it is not to be open for the next
    with st.popover("Delete", icon=":material/delete:", key=f"delete {name}", help="Tables, curves and log of it."):
        st.markdown(f"Delete the records of **{name}**? Scans and checkpoints are not touched.")
        st.button("Delete for good", type="primary", on_click=delete_evaluation, args=(evaluation,),
                  key=f"delete {name} for good", help="Nothing brings it back.")  # fmt: skip


def attempt(action: Callable[[], Evaluation]) -> None:
    """Start an evaluation and go to its view, or leave a sentence for `draw_problem`."""
    try:
        st.session_state["evaluation"] = action().name
    except RunError as error:
        st.session_state["evaluation_problem"] = str(error)


def draw_problem() -> None:
    """Why the last attempt did not succeed; gone with the next thing the user does."""
    if problem := st.session_state.pop("evaluation_problem", None):
        st.error(problem, icon=":material/error:")


def draw_progress(evaluation: Evaluation) -> None:
    """Where it stands, in one line over a bar; or why it ended."""
    word, state = evaluation.word, evaluation.state
    done, total = word.progress.get("done", 0), word.progress.get("total", 0)
    if state == "failed":
        st.error(word.message, icon=":material/error:")
    elif state == "interrupted":
        st.warning("Interrupted: its process is gone.", icon=":material/warning:")
    elif state == "stopped":
        st.info("Stopped. Of an unfinished evaluation nothing is kept.")
    if not word.is_active:
        return
    parts = [STATES.get(state, state)]
    if state != "starting" and total:
        parts.append(f"{done} of {total} subjects")
    if state == "evaluate" and (left := word.progress.get("seconds_left")) is not None:
        parts.append(f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left")
    share = done / total if state != "starting" and total else 0.0
    st.progress(min(share, 1.0), text=" · ".join(parts))


def offer_actions(evaluation: Evaluation) -> None:
    """Stop, or start again; whichever makes sense now."""
    if evaluation.word.is_active:
        st.button("Stop", icon=":material/stop:", on_click=stop_evaluation, args=(evaluation,),
                  help="Ends it at once; nothing of it is kept but the order.")  # fmt: skip
    elif evaluation.can_start_again:
        st.button("Start again", icon=":material/play_arrow:", type="primary", on_click=attempt,
                  args=(lambda: start_again(evaluation),), help="The same order, from the beginning.")  # fmt: skip
    if not evaluation.word.is_active:
        offer_deletion(evaluation)
    if log := evaluation.log():
        with st.expander("What it printed"):
            st.code(log, language=None, wrap_lines=True)
