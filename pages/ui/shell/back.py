"""The browser's Back leaves the page: a control that changes the address takes the place of the entry before.

Streamlit does so for what a user sets in a widget, yet not for what a page sets itself, such as the level of a picture
that was clicked on; after ten clicks Back would have to be pressed eleven times.
"""

import streamlit as st

_KEY = "back"
_component = st.components.v2.component(
    "uad_back",
    js="""
    export default function () {
      if (history.replaces) return;
      const push = history.pushState.bind(history);
      history.replaces = true;
      history.pushState = (state, title, address) => {
        const there = new URL(address ?? location.href, location.href);
        if (there.pathname === location.pathname) history.replaceState(state, title, address);
        else push(state, title, address);
      };
    }""",
)
HIDDEN = f".st-key-{_KEY} {{display: none}}"  # it has nothing to show


def back_leaves_the_page() -> None:
    """To be called once by each page, where a hidden element does not show."""
    with st.container(key=_KEY):
        _component(key="uad_back")
