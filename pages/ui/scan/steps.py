"""Each step of the preparation in three planes, before above after; all pictures show the same place of the body."""

from collections.abc import Sequence

import streamlit as st

from pages.ui.shell import keys
from pages.ui.viewer.display import pick_convention
from pages.ui.viewer.viewer import SIDES, Click, Panel, PanelLayout, show_panels
from uad_core.preprocess import StepImages, StepView
from uad_core.render.planes import PLANES, Plane
from uad_core.render.preprocessing import (
    FIRST_PLACE,
    Place,
    moved_to_pixel,
    moved_to_slice,
    nearest_voxel,
    stage_picture,
)


@st.fragment
def draw_stages(shown: Sequence[StepImages]) -> None:
    """One step at a time: a wheel turns one plane, a click moves all."""
    names = [stage.name for stage in shown]
    steps, display = st.columns([3, 2], vertical_alignment="center")
    name = steps.segmented_control(
        "Step", names, default=names[0], required=True, key=keys.STEP, label_visibility="collapsed",
        help="Before and after each step. Wheel: slices. Click: another place. Drag: grey window. Double click: back.",
    )  # fmt: skip
    pick_convention(display, "collapsed")
    stage = shown[names.index(name)]
    st.markdown(f"{stage.outcome} {stage.look_for}")
    at: Place = st.session_state.get(keys.PLACE, FIRST_PLACE)
    for number, view in enumerate(stage.views):
        for column, plane in zip(st.columns(3), PLANES, strict=True):
            with column:
                _draw(view, plane, at, f"step {number} {plane}")


def _draw(view: StepView, plane: Plane, at: Place, key: str) -> None:
    shown, axis = stage_picture(view, plane, at), PLANES.index(plane)

    def to_slice(index: int) -> None:
        st.session_state[keys.PLACE] = moved_to_slice(view, plane, at, index)

    def to_click(click: Click) -> None:
        st.session_state[keys.PLACE] = moved_to_pixel(view, plane, at, click.column, click.row)

    show_panels(
        [Panel(shown.picture, view.title, shown.outline, SIDES[plane], cross=shown.cross)],
        key,
        PanelLayout(270, level=nearest_voxel(view, at)[axis], levels=range(view.array.shape[axis])),
        on_level=to_slice,
        on_click=to_click,
    )
