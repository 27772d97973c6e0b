"""What every page begins with, whichever door the visitor came in by."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from uad_core import RESEARCH_ONLY

# a file of ours: an icon named as ":material/..." would be fetched from a font server
ICON = Path(__file__).parents[2] / "docs" / "icon.png"
STYLE = """<style>
[data-testid=stMainBlockContainer] {padding: 3.75rem 2rem 1rem}
[data-testid=stSidebarUserContent] {padding-bottom: 1rem}
[data-testid=stImageContainer] img {background: black}
</style>"""


def start_page() -> None:
    """Wide layout, icon and title.

    Called by `app.py` and by each page: the first visitor after a server start who opens a deep link
    gets the page without `app.py` around it.
    """
    st.set_page_config(page_title="Brain MRI anomaly segmentation", page_icon=str(ICON), layout="wide")
    st.html(STYLE)


def banner() -> None:
    """The sentence that stands wherever a mask is shown."""
    st.caption(f":material/info: {RESEARCH_ONLY} Scans and settings never leave this machine.")
