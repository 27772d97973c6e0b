"""What Train and Evaluate share: the list of runs, starting one, why that failed, its log, its command, deleting it."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.shell import keys
from uad_core.cohorts.find import find_cohorts
from uad_core.runs.background_run import BackgroundRun

Run = TypeVar("Run", bound=BackgroundRun)
KEEP: Any = {"persist_state": "session"}  # what was typed survives another view and another page
STATES = {  # whose own word says little
    "load": "Preparing scans",
    "train": "Training",
    "calibrate": "Measuring healthy residuals",
    "evaluate": "Scoring",
    "summarise": "Summarising",
}
CHOSEN = {
    "training": keys.RUN,
    "evaluation": keys.EVALUATION,
    "calibration": keys.CALIBRATION,
}  # kind of run -> key of the one on view


def state_name(run: BackgroundRun) -> str:
    """Of its state, for people."""
    return "Stopping" if run.is_stopping else STATES.get(run.state, run.state.capitalize())


def pick(kind: type[Run], runs: Sequence[Run], first: Callable[[Run], bool]) -> Run | None:
    """The sidebar's list: a new run (None), or one of those found. The address carries the choice.

    Args:
        first: of the runs for which this holds, the latest is shown to a visitor who asks for none.
    """
    new, key = f"New {kind.noun}", CHOSEN[kind.noun]
    names = [new, *(run.name for run in runs)]
    if st.session_state.get(key) not in names:
        asked = st.query_params.get(key)
        st.session_state[key] = asked if asked in names else next((run.name for run in runs if first(run)), new)
    name = st.radio(
        f"{kind.noun.capitalize()}s", names, captions=["", *map(state_name, runs)], key=key,
        help=f"All {kind.noun}s of this project, the latest first. They continue without this page and its server.",
    )  # fmt: skip
    st.query_params[key] = str(name)
    return next((run for run in runs if run.name == name), None)


def ask_for_name(place: DeltaGenerator, key: str, suggested: str, what: str) -> None:
    """Of a new run."""
    place.text_input(
        "Name", key=key, placeholder=suggested, max_chars=60, **KEEP, help=f"Of {what}: letters, digits, - and _. "
        "If empty, the suggested name is used.",
    )  # fmt: skip


def ask_for_folder(key: str, words: str, label: str = "Another cohort folder") -> None:
    """A cohort that does not lie in the project."""
    help_text = f"Path of a folder on this machine{words}"
    st.text_input(label, key=key, placeholder="/path/to/cohort", help=help_text, **KEEP)


def attempt(kind: type[Run], action: Callable[[], Run]) -> None:
    """Start or resume a run and go to its view, or leave a sentence for `draw_problem`."""
    try:
        st.session_state[CHOSEN[kind.noun]] = action().name
    except ValueError as error:  # a RunError, or of settings that mean nothing
        st.session_state[keys.RUN_PROBLEM] = (kind.noun, str(error))


def draw_problem(kind: type[Run]) -> None:
    """Why the last attempt did not succeed; gone with the next thing that the user does."""
    noun, problem = st.session_state.get(keys.RUN_PROBLEM, ("", ""))
    if noun == kind.noun:
        del st.session_state[keys.RUN_PROBLEM]
        st.error(problem, icon=":material/error:")


def offer_stop(run: BackgroundRun, words: str, off: bool = False) -> None:
    """A button, while it is under way."""
    if run.is_active:
        st.button("Stop", icon=":material/stop:", on_click=run.stop, disabled=off, help=words)


def offer_resume(run: BackgroundRun, label: str, words: str) -> None:
    """A button, where there is something to go on with."""
    if run.can_resume:
        st.button(label, icon=":material/play_arrow:", type="primary", on_click=attempt, args=(type(run), run.resume),
                  help=words)  # fmt: skip


def free_name(stem: str, is_taken: Callable[[str], bool]) -> str:
    """`stem`, numbered where it is taken."""
    names = [stem, *(f"{stem}-{number}" for number in range(2, 10_000))]
    return next(name for name in names if not is_taken(name))


@st.cache_data(ttl=10, show_spinner=False)
def cohorts_in_project() -> dict[str, tuple[int, int]]:
    """Cohort folders, and their numbers of patients and healthy subjects; looked for at most every ten seconds."""
    return {str(folder): counts for folder, counts in find_cohorts().items()}


def draw_command(command: str) -> None:
    """How to repeat the run on the command line."""
    with st.expander("Command"):
        st.code(command or "Not known yet.", language=None, wrap_lines=True)


def draw_log(run: BackgroundRun) -> None:
    """What its process printed."""
    with st.expander("Log"):
        st.code(run.log() or "Nothing yet.", language=None, wrap_lines=True)


def offer_rename(run: BackgroundRun) -> None:
    """Of its folder; a checkpoint keeps its name."""
    with st.popover("Rename", icon=":material/edit:", key=f"rename {run.name}", help="Gives the run another name."):
        key = f"new name of {run.name}"
        name = st.text_input("New name", run.name, max_chars=60, key=key, help="Of its folder.")

        def rename() -> BackgroundRun:  # the name at the click, which may come before the page has drawn it
            return run.rename(st.session_state[key].strip())

        st.button("Rename", on_click=attempt, args=(type(run), rename), key=f"rename {run.name} now",
                  disabled=name.strip() == run.name, help="At once.")  # fmt: skip


def offer_deletion(run: BackgroundRun, made: str = "", delete_made: Callable[[], None] = lambda: None) -> None:
    """Asks once more, as it cannot be undone.

    Args:
        made: the checkpoint that the run made, if it did; it goes as well where the user says so, by `delete_made`.
    """
    name = run.name  # as key: open for one, it is not to be open for the next
    with st.popover("Delete", icon=":material/delete:", key=f"delete {name}", help="Results and log of this run."):
        st.markdown(f"Delete the {run.noun} **{name}**? Scans and other checkpoints are not touched.")
        as_well = made and st.checkbox(
            f"Its checkpoint {made} as well",
            key=f"delete {name} and {made}",
            help="Gone from every list of models.",
        )

        def delete() -> None:
            if as_well:
                delete_made()
            run.delete()

        st.button("Delete for good", type="primary", on_click=delete, key=f"delete {name} for good",
                  help="This cannot be undone.")  # fmt: skip
