"""What every page begins with, whichever door the visitor came in by."""

from __future__ import annotations

import streamlit as st

from uad_core import RESEARCH_ONLY


def start_page() -> None:
    """Wide layout and the banner.

    Called by `app.py` and by each page: the first visitor after a server start who opens a deep link
    gets the page without `app.py` around it.
    """
    st.set_page_config(page_title="Brain MRI anomaly segmentation", page_icon=":material/neurology:", layout="wide")
    if not st.session_state.get("_drawn_by_app"):
        st.html("<style>[data-testid=stMainBlockContainer]{padding-top:2.2rem;padding-bottom:1rem}</style>")


def banner() -> None:
    """The sentence that stands wherever a mask is shown."""
    st.caption(f":material/info: {RESEARCH_ONLY} Scans and settings never leave this machine.")
