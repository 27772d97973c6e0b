"""Pictures that a radiologist can handle: wheel and keys through slices, grey window by drag, click on a voxel.

A component of our own (`viewer.js`): it gets 8-bit pictures as PNG and does windowing and flipping in the browser,
so that only a new slice or a new mask costs a way to the server and back.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from uad_core.render.planes import Plane
from uad_core.render.slices import GREY_WINDOW

# left, right, top, bottom of the picture, in the radiological convention
SIDES: dict[Plane, str] = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
CONVENTIONS = ("Radiological", "Neurological")


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes:
        picture: PNG, 8 bit grey: 0 is black, 255 is 1.0 of normalised intensity.
        overlay: PNG with transparency, of the same shape or a multiple of it; drawn over the picture, not windowed.
        sides: letters at its left, right, top and bottom; a picture with R and L is mirrored on demand.
        windowed: whether the grey window applies to it.
        cross: (column, row) of a crosshair, in pixels of `picture`.
        stamp: what speaks against it, over the picture.
    """

    picture: bytes
    title: str = ""
    overlay: bytes | None = None
    sides: str = SIDES["axial"]
    windowed: bool = True
    cross: tuple[float, float] | None = None
    stamp: str = ""


@dataclass(frozen=True)
class PanelLayout:
    """How panels stand side by side.

    Attributes:
        max_height: of a picture, in screen pixels of a window of 720; more in a larger one.
        columns: in a row; all panels by default.
        level: the slice shown, one of `levels`: the wheel and the arrow keys ask for another.
    """

    max_height: int
    columns: int | None = None
    level: int | None = None
    levels: range | None = None


@dataclass(frozen=True)
class Click:
    """A click on pixel (`column`, `row`) of panel number `panel`; counted from 0, mirroring undone."""

    panel: int
    column: int
    row: int


_component = st.components.v2.component(
    "uad_viewer",
    html='<div class="panels" tabindex="0" role="group"></div>',
    css=(Path(__file__).parent / "viewer.css").read_text(),
    js=(Path(__file__).parent / "viewer.js").read_text(),
)


def show_panels(
    panels: Sequence[Panel],
    key: str,
    layout: PanelLayout,
    on_level: Callable[[int], None] | None = None,
    on_click: Callable[[Click], None] | None = None,
) -> None:
    """Draw the panels side by side.

    Args:
        key: of the component, and of what it reports in the session.
        on_level: called before the next run with the level that the user wants to see.
        on_click: called before the next run with the click.
    """
    data: dict[str, Any] = {
        "panels": [
            asdict(panel) | {"picture": _url(panel.picture), "overlay": _url(panel.overlay) if panel.overlay else ""}
            for panel in panels
        ],
        "columns": layout.columns or len(panels),
        "level": layout.level,
        "first": layout.levels[0] if layout.levels else None,
        "last": layout.levels[-1] if layout.levels else None,
        "maxHeight": layout.max_height,
        "window": list(GREY_WINDOW),
        "mirrored": st.session_state.get(keys.CONVENTION) == CONVENTIONS[1],
    }

    def level_asked() -> None:
        if on_level and (wanted := st.session_state[key].get("level")):
            on_level(int(wanted["level"]))

    def clicked() -> None:
        if on_click and (at := st.session_state[key].get("clicked")):
            on_click(Click(int(at["panel"]), int(at["column"]), int(at["row"])))

    _component(key=key, data=data, on_level_change=level_asked, on_clicked_change=clicked, height="content")


def _url(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode()
