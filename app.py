"""The app: `streamlit run app.py`. Page list and nothing else."""

import streamlit as st

from pages.ui.state import start_page

start_page()
st.navigation(
    [
        st.Page("pages/detect.py", title="Detect", icon=":material/neurology:", default=True),
        st.Page("pages/compare.py", title="Compare", icon=":material/view_column:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/about.py", title="Method and limits", icon=":material/menu_book:"),
    ]
).run()
