"""The voxel that the lesson follows through its chapters, and pictures in which another one can be clicked."""

from collections.abc import Callable

import streamlit as st

from pages.ui.shell import keys
from pages.ui.viewer.viewer import Click, Panel, PanelLayout, show_panels
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess import Prepared
from uad_core.render.views import Voxel, slice_voxel
from uad_core.teaching import default_voxel, voxel_pixel

Cross = tuple[int, int] | None  # (column, row) in the cropped picture


def choose_first_voxel(key: str, reconstruction: Reconstruction, config: DetectConfig) -> None:
    """For a scan that is new to the lesson, the voxel with the largest residual in the mask; `key` identifies it."""
    if st.session_state.get(keys.LESSON_SCAN) != key:
        voxel = default_voxel(reconstruction, segment(reconstruction, config), config.postprocess.signed)
        st.session_state.update({keys.LESSON_SCAN: key, keys.LESSON_VOXEL: voxel, keys.LESSON_SLICE: voxel[0]})


def lesson_voxel() -> Voxel:
    """The voxel that the lesson follows."""
    voxel: Voxel = st.session_state[keys.LESSON_VOXEL]
    return voxel


def show_slice(
    prepared: Prepared,
    panels: Callable[[int, Cross], list[Panel]],
    key: str,
    *,
    columns: int | None = None,
    max_height: int = 250,
) -> None:
    """Pictures of one slice: the wheel goes to others, a click chooses the lesson's voxel.

    Args:
        panels: makes them for a slice of the slab, with the cross where the voxel lies.
    """
    voxel, index = lesson_voxel(), int(st.session_state[keys.LESSON_SLICE])
    levels = prepared.slab.levels
    cross = voxel_pixel(prepared, voxel) if voxel[0] == index else None

    def turn(level: int) -> None:
        st.session_state[keys.LESSON_SLICE] = level - levels[0]

    def choose(click: Click) -> None:
        st.session_state[keys.LESSON_VOXEL] = slice_voxel(prepared, index, click.column, click.row)

    show_panels(
        panels(index, cross),
        key,
        PanelLayout(max_height, columns, levels[index], levels),
        on_level=turn,
        on_click=choose,
    )
    st.caption(f"Axial level {levels[index]} of the atlas (mm). The cross marks the voxel of the lesson.")
