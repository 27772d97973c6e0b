"""Pictures that a radiologist can handle: wheel and keys through slices, grey window by drag, click on a voxel.

A component of our own: it gets 8-bit pictures as PNG and does windowing, zoom, outlines and flipping in the browser
(`picture.js` draws, `tools.js` has buttons and keys, `edit.js` paints, `viewer.js` joins them), so that only a new
slice or a new mask costs a way to the server and back.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from pages.ui.viewer.strokes import Stroke
from uad_core.render.colours import MASK_COLOUR
from uad_core.render.planes import Plane
from uad_core.render.readout import FileValues
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
        marks: (column, row, word) of words written into it, such as the numbers of regions.
        stamp: what speaks against it, over the picture.
        ink: opacity of what is painted into its overlay, [0, 1]; 0: it cannot be painted.
        values: of the scan's own file, to be read out; they go for every panel with the same picture.
    """

    picture: bytes
    title: str = ""
    overlay: bytes | None = None
    sides: str = SIDES["axial"]
    windowed: bool = True
    cross: tuple[float, float] | None = None
    marks: tuple[tuple[int, int, str], ...] = ()
    stamp: str = ""
    ink: float = 0.0
    values: FileValues | None = None


@dataclass(frozen=True)
class PanelLayout:
    """How panels stand side by side.

    Attributes:
        max_height: of a picture, in screen pixels of a window of 720; more in a larger one.
        columns: in a row; all panels by default.
        level: the slice shown, one of `levels`: the wheel and the arrow keys ask for another.
        tools: whether a row of buttons stands above; the keys work without, too.
        taken: number of the last stroke that is in the overlays.
    """

    max_height: int
    columns: int | None = None
    level: int | None = None
    levels: range | None = None
    tools: bool = True
    taken: int = 0


@dataclass(frozen=True)
class Click:
    """A click on pixel (`column`, `row`) of panel number `panel`; counted from 0, mirroring undone."""

    panel: int
    column: int
    row: int


@dataclass(frozen=True)
class Listeners:
    """Called before the next run with what the user did in the pictures; None: it does not matter.

    Attributes:
        level: with the level that the user wants to see.
        click: with the click.
        region: with 1 or -1: the next region is wanted, or the one before.
        strokes: with what was painted, the oldest first; some may have been taken already.
    """

    level: Callable[[int], None] | None = None
    click: Callable[[Click], None] | None = None
    region: Callable[[int], None] | None = None
    strokes: Callable[[Sequence[Stroke]], None] | None = None


_HERE = Path(__file__).parent
_JS = "\n".join((_HERE / name).read_text() for name in ("picture.js", "tools.js", "edit.js", "viewer.js"))
_component = st.components.v2.component(
    "uad_viewer",
    html='<div class="tools" role="toolbar" aria-label="View"></div>'
    '<div class="panels" tabindex="0" role="group"></div>',
    css=(_HERE / "viewer.css").read_text(),
    js=_JS.replace("[230, 159, 0]", str(list(MASK_COLOUR)), 1),
)


def show_panels(panels: Sequence[Panel], key: str, layout: PanelLayout, listeners: Listeners = Listeners()) -> None:
    """Draw the panels side by side; `key` is that of the component, and of what it reports in the session."""
    data: dict[str, Any] = {
        "panels": [
            asdict(replace(panel, values=None))
            | {"picture": _url(panel.picture), "overlay": _url(panel.overlay) if panel.overlay else ""}
            | ({"values": _url(panel.values.png), "scale": panel.values[1:]} if panel.values else {})
            for panel in panels
        ],
        "columns": layout.columns or len(panels),
        "level": layout.level,
        "first": layout.levels[0] if layout.levels else None,
        "last": layout.levels[-1] if layout.levels else None,
        "maxHeight": layout.max_height,
        "tools": layout.tools,
        "taken": layout.taken,
        "window": list(GREY_WINDOW),
        "mirrored": st.session_state.get(keys.CONVENTION) == CONVENTIONS[1],
    }

    def level_asked() -> None:
        if listeners.level and (wanted := st.session_state[key].get("level")):
            listeners.level(int(wanted["level"]))

    def clicked() -> None:
        if listeners.click and (at := st.session_state[key].get("clicked")):
            listeners.click(Click(int(at["panel"]), int(at["column"]), int(at["row"])))

    def stepped() -> None:
        if listeners.region and (at := st.session_state[key].get("region")):
            listeners.region(int(at["step"]))

    def painted() -> None:
        if listeners.strokes and (sent := st.session_state[key].get("strokes")):
            strokes = map(Stroke.read, sent.get("strokes", ()))
            listeners.strokes([stroke for stroke in strokes if stroke is not None])

    _component(
        key=key, data=data, on_level_change=level_asked, on_clicked_change=clicked, on_region_change=stepped,
        on_strokes_change=painted, height="content",
    )  # fmt: skip


def _url(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode()
