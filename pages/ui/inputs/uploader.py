"""The uploaders themselves: what has just arrived in one, taken out of it at once, and what was wrong with it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.shell import keys
from pages.ui.shell.fair_queue import ServerFull
from uad_core.io.volume import ScanError

SCAN = "scan files"  # the uploader that takes files or a folder


def uploader_key(name: str) -> str:
    """An uploader whose file was taken is replaced by an empty one: the file is not kept twice."""
    return f"{name} {st.session_state.get(f'{name} taken', 0)}"


def uploaded(name: str) -> list[Any]:
    """The files that have just arrived in an uploader; in a moment it is empty again."""
    for variant in (f"{name} True", f"{name} False") if name == SCAN else (name,):
        if files := st.session_state.get(uploader_key(variant)):
            st.session_state[f"{variant} taken"] = st.session_state.get(f"{variant} taken", 0) + 1
            st.session_state.pop(keys.COMPLAINT, None)
            uploads = list(files) if isinstance(files, (list, tuple)) else [files]
            _take_out(uploads)
            return uploads
    return []


def _take_out(uploads: Sequence[Any]) -> None:
    """Of Streamlit's own store, which would keep them until the session ends."""
    if context := get_script_run_ctx():
        for one in uploads:
            context.uploaded_file_mgr.remove_file(context.session_id, one.file_id)  # type: ignore[attr-defined]


def complain(name: str, error: ScanError | ServerFull) -> None:
    """Keep the sentence, to be shown below the uploader of that name."""
    st.session_state[keys.COMPLAINT] = (name, str(error), _on_view())


def complaint_about(name: str) -> str:
    """What was wrong with the last upload there, until another one is made or another scan is chosen; or nothing."""
    uploader, sentence, scan = st.session_state.get(keys.COMPLAINT, ("", "", None))
    return sentence if uploader == name and scan in (None, _on_view()) else ""


def show_complaint(name: str) -> None:
    """The same, where the uploader stands."""
    if sentence := complaint_about(name):
        st.error(sentence, icon=":material/error:")


def _on_view() -> tuple[object, ...] | None:
    chosen = tuple(st.session_state.get(key) for key in (keys.SCAN, keys.OWN_SCAN))
    return chosen if chosen[0] is not None else None
