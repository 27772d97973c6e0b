"""What all charts of the app share: colours, margins, legend, no tool bar."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from uad_core.render.colours import BLUE, GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE)  # of lines


def show_chart(
    figure: go.Figure, key: str, height: int, on_points: Callable[[], None] | None = None, **layout: Any
) -> None:
    """Draw a plotly figure; `height` in screen pixels, `layout` as in `update_layout`.

    Args:
        on_points: called when points were clicked on; they are then in the session's state under `key`.
    """
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "font_size": 11},
    )
    figure.update_layout(**layout)
    st.plotly_chart(
        figure, width="stretch", config={"displayModeBar": False}, key=key, on_select=on_points or "ignore",
        selection_mode="points",
    )  # fmt: skip
