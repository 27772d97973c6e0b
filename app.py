"""The app: `streamlit run app.py`. Each visit runs `navigation.py`."""

import gc
from importlib import import_module
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.shell.doors import Doors
from pages.ui.shell.niivue import NIIVUE_ROUTE

LIBRARIES = ("SimpleITK", "plotly.graph_objects", "pandas")

app = st.App("navigation.py", routes=[NIIVUE_ROUTE], middleware=[Middleware(Doors)])


def load() -> None:
    """What every visit needs, and the scan that most begin with, while the browser opens.

    Python looks again and again for what can be freed, and Streamlit after every run of a page. Libraries never can:
    not looking while they load saves a quarter of that time, and set aside, half a million objects of theirs need not
    be gone through after each run, which takes a quarter of a second in which nobody is served.
    """
    gc.disable()
    try:
        from pages.ui.inputs.first_scan import detect_first_scan  # here, since it loads torch

        Thread(target=detect_first_scan, daemon=True).start()
        for name in LIBRARIES:
            import_module(name)
        gc.freeze()
    finally:
        gc.enable()


loader = Thread(target=load, daemon=True)
loader.start()
