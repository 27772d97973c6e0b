"""What every visit runs: the page that was asked for, and nothing else."""

import streamlit as st

from pages.ui.shell.page import PAGES

# the links stand in the sidebar that `start_page` draws
st.navigation([st.Page(file, title=title) for file, title, _ in PAGES], position="hidden").run()
