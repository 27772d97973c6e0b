"""What all charts of the app share: colours, margins, legend, no tool bar."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito
BLUE, VERMILION, GREEN, _, ORANGE, SKY = COLOURS


def show_chart(figure: go.Figure, key: str, height: int, **layout: Any) -> None:
    """Draw a plotly figure; `height` in screen pixels, `layout` as in `update_layout`."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "font_size": 11},
    )
    figure.update_layout(**layout)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False}, key=key)
