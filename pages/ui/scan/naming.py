"""What the scan on view is called, and what can be done with it as a whole."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.inputs.own_scans import own_scans, renamed
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.uploader import SCAN, complaint_about, show_complaint
from pages.ui.shell import keys
from uad_core.detect.result_files import NAMELESS

NAME = "name of the scan"


def draw_title(choice: SelectedScan) -> None:
    """In one row its name, which is the user's to change where the scan is, and the way to the page Detect."""
    refused = complaint_about(SCAN)
    title, name, remove, go = st.columns([2.2, 1.6, 0.8, 1.1], vertical_alignment="bottom")
    title.subheader(f"Still {choice.heading}" if refused else choice.heading, anchor=False)
    with st.container():
        show_complaint(SCAN)
        if refused:
            st.caption("The file that you brought last was not taken: all that is shown is of this scan.")
    if choice.uploaded:
        _offer_name(choice, name, remove)
    # a link, as `st.switch_page` refuses where an address is bound to a widget
    go.page_link(
        "pages/detect.py", label=":primary[**Detect on this scan**]", icon=":material/neurology:",
        query_params={"scan": st.session_state[keys.SCAN]},
    )  # fmt: skip


def _offer_name(choice: SelectedScan, name: DeltaGenerator, remove: DeltaGenerator) -> None:
    key = f"{NAME} {choice.number}"

    def rename() -> None:
        own_scans().put(renamed(choice, st.session_state[key]))

    st.session_state[key] = choice.title
    name.text_input(
        "Name of this scan", key=key, on_change=rename, label_visibility="collapsed",
        help="Shown on all pages. One that you type here also names the results: its letters and digits, or what BIDS "
        f"keeps of a name like sub-07_ses-1. A file's own name does not: results are then those of sub-{NAMELESS}.",
    )  # fmt: skip
    remove.button(
        "Remove", on_click=own_scans().drop, args=(choice.number,), icon=":material/close:", width="stretch",
        help="Forgets this scan and its results; your other scans stay.",
    )  # fmt: skip
