"""Which scan all pages look at: a bundled one, or one of the user's own."""

import streamlit as st

from pages.ui.inputs.own_scans import own_scans
from pages.ui.inputs.selected_scan import SelectedScan, bundled, bundled_names
from pages.ui.shell import keys
from pages.ui.shell.tasks import kept

OWN = "My own scan"


def pick_scan() -> SelectedScan | None:
    """The sidebar's picker; None while an uploaded scan is wanted and there is none."""
    name = st.selectbox(
        "Scan", [*bundled_names(), OWN], key=keys.SCAN, bind="query-params",
        help="Bundled scans are simulated; how they were made stands in data_samples/SOURCES.md. "
        "Your own scans are loaded on the page Scan.",
    )  # fmt: skip
    if name == OWN:
        return _pick_own()
    return bundled(str(name), kept().get(f"{keys.PREPARE_OPTIONS} {name}"))


def show_own(scan: SelectedScan) -> None:
    """Make it the scan that all pages look at; called before the pickers are drawn."""
    st.session_state[keys.SCAN], st.session_state[keys.OWN_SCAN] = OWN, scan.number


def need_scan(choice: SelectedScan | None) -> SelectedScan:
    """The choice, or a sentence on where to bring a scan in place of the page."""
    if choice is None:
        st.info("No scan of yours is loaded. Load one on the page Scan, or choose a bundled one on the left.")
        st.page_link("pages/scan.py", label="Bring a scan", icon=":material/upload_file:")
        st.stop()
    return choice


def _pick_own() -> SelectedScan | None:
    """By number: an address that is bound to a widget would show a file's name."""
    own = own_scans()
    if not own.scans:
        return None
    if st.session_state.get(keys.OWN_SCAN) not in own.scans:
        st.session_state[keys.OWN_SCAN] = own.latest if own.latest in own.scans else max(own.scans)
    number: int = st.selectbox(
        "Which of mine", list(own.scans), key=keys.OWN_SCAN, label_visibility="collapsed",
        format_func=lambda one: own.scans[one].title if one in own.scans else "",
        help="The scans that you brought in this browser. Their names are changed on the page Scan.",
    )  # fmt: skip
    own.latest = number
    return own.scans.get(number)
