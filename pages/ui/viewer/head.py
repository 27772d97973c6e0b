"""A head in 3-D: NiiVue in a component of our own, with the colours, sides and cross of the slices (`head.js`).

The head goes to the browser once, as a file; mask and cross, which change with every slider, go with the call.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit import runtime

from pages.ui.shell import keys
from pages.ui.shell.niivue import NIIVUE
from pages.ui.viewer.viewer import CONVENTIONS
from uad_core.render.colours import MASK_COLOUR, TRUTH_COLOUR
from uad_core.render.head import GREYS, Point
from uad_core.render.slices import GREY_WINDOW

MISSING = (
    "The 3-D view needs NiiVue, a piece of JavaScript that is not installed here. On a machine that reaches npm's "
    "registry `make setup` fetches it; a registry of your own goes into NPM_CONFIG_REGISTRY. Then reload this page."
)


@dataclass(frozen=True, eq=False)
class HeadView:
    """What the 3-D view shows.

    Attributes:
        head: `.nii.gz`; 255 is 1.0 of normalised intensity.
        mask: `.nii.gz` on its grid.
        reference: likewise, the outline of the reference mask; empty where there is none.
        opacity: of the mask, [0, 1].
        cross: where the three planes meet.
        stamp: what speaks against the mask, over the picture.
    """

    head: bytes
    mask: bytes
    reference: bytes
    opacity: float
    cross: Point
    stamp: str = ""


_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "uad_head",
    html='<div class="head"><canvas role="img" tabindex="0" aria-label="The head in 3-D"></canvas>'
    '<span class="stamp"></span><p role="status">The head is on its way.</p></div>',
    css=(_HERE / "head.css").read_text(),
    js=(_HERE / "head.js").read_text(),
)


def show_head(view: HeadView, key: str, on_point: Callable[[Point], None], on_region: Callable[[int], None]) -> None:
    """Draw it, or say what is missing; `key` is that of the component.

    Args:
        on_point: called before the next run with the place that the user moved the cross to.
        on_region: likewise with 1 or -1: the next region is wanted, or the one before.
    """
    if not NIIVUE.path.is_file():
        st.info(MISSING, icon=":material/download:")
        return

    def moved() -> None:
        if at := st.session_state[key].get("point"):
            x, y, z = map(float, at["mm"])
            on_point((x, y, z))

    def stepped() -> None:
        if at := st.session_state[key].get("region"):
            on_region(int(at["step"]))

    data = {
        "library": NIIVUE.served_as,
        "head": _address(view.head, key),
        "mask": b64encode(view.mask).decode(),
        "reference": b64encode(view.reference).decode(),
        "colours": {"mask": MASK_COLOUR, "reference": TRUTH_COLOUR},
        "opacity": view.opacity,
        "greys": GREYS,
        "window": list(GREY_WINDOW),
        "cross": list(view.cross),
        "radiological": st.session_state.get(keys.CONVENTION) != CONVENTIONS[1],
        "stamp": view.stamp,
    }
    _component(key=key, data=data, on_point_change=moved, on_region_change=stepped, height="content")


def _address(file: bytes, key: str) -> str:
    """Of a file that this session alone keeps on the server, like the pictures of a page; the same bytes, the same."""
    return runtime.get_instance().media_file_mgr.add(file, "application/gzip", key) if runtime.exists() else ""
