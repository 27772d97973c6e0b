"""The app: `streamlit run app.py`. Each visit runs `navigation.py`."""

from importlib import import_module
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.shell.doors import Doors

app = st.App("navigation.py", middleware=[Middleware(Doors)])
# while the browser opens, so that the first visit need not wait for it
Thread(target=import_module, args=("pages.ui.inputs.scan",), daemon=True).start()
