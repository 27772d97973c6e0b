"""Which model, which setting: a few scans of one's own with reference masks, all settings of the chosen models."""

import streamlit as st

from pages.ui.choose import form, results
from pages.ui.shell import keys
from pages.ui.shell.page import banner, start_page

start_page()
banner()
folder, models = form.ask()
if st.session_state.get(keys.CHOOSE_ASKED) == (folder, models):
    results.draw(form.studied(folder, models))  # a change of the form alone starts nothing
else:
    st.info(results.TO_COME)
