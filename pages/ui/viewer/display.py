"""What every way of looking shares: which side, how opaque, level and point, and one slice in four views."""

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.shell import keys
from pages.ui.viewer.viewer import CONVENTIONS, Panel
from uad_core.detect.presets import usual_config
from uad_core.io.volume import Mask
from uad_core.pipeline.lesions import region_that_holds
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import segment
from uad_core.render.readout import file_values
from uad_core.render.views import Overlay, Voxel, slice_views

SCORE = "The model's score"


def pick_display(place: DeltaGenerator) -> float:
    """Convention and opacity of the mask; returns the opacity, [0, 1]."""
    pick_convention(place)
    return place.slider(
        "Opacity of the mask", 0.0, 1.0, 0.55, 0.05, key=keys.OPACITY, bind="query-params",
        help="0 is invisible, 1 hides the scan beneath.",
    )  # fmt: skip


def pick_convention(place: DeltaGenerator, label: Literal["visible", "collapsed"] = "visible") -> None:
    """The switch of all pages that show a head."""
    place.radio(
        "Display", CONVENTIONS, key=keys.CONVENTION, bind="query-params", horizontal=True, label_visibility=label,
        help="Radiological: the patient's right is on the left of the picture. Neurological: mirrored.",
    )  # fmt: skip


def pick_level(key: str, reconstruction: Reconstruction, place: DeltaGenerator, wanted: Mask | None = None) -> int:
    """The axial level to look at; for a new scan, which `key` identifies, that of its largest region, cross on it.

    `wanted`: a reference mask, or what changed; then that of the region that holds most of it.
    """
    levels = reconstruction.prepared.slab.levels
    scan = (key, levels)
    kept = st.session_state.get(keys.LEVEL)
    from_link = keys.LEVEL_OF not in st.session_state and keys.LEVEL in st.query_params
    if not from_link and (kept not in levels or st.session_state.get(keys.LEVEL_OF) != scan):
        found = segment(reconstruction, usual_config(reconstruction.checkpoint))
        st.session_state[keys.LEVEL] = levels[len(levels) // 2]
        st.session_state.pop(keys.REGION, None)
        if found.lesions:
            first = region_that_holds(found.mask, wanted)
            go_to(reconstruction, found.lesions[first].centre_voxel)
            st.session_state[keys.REGION] = first + 1
    st.session_state[keys.LEVEL_OF] = scan
    if len(levels) == 1:
        return levels[0]
    return place.slider(
        "Axial level", levels[0], levels[-1], key=keys.LEVEL, bind="query-params",
        help="Atlas millimetres above the lowest slice of the brain; up is towards the crown. The mouse wheel "
        "over a picture and the arrow keys turn it, too.",
    )  # fmt: skip


def slice_panels(reconstruction: Reconstruction, index: int, over: Overlay, config: PostprocessConfig) -> list[Panel]:
    """Prepared scan, reconstruction, filtered residual and segmentation of slice `index`."""
    views, reconstructs = slice_views(reconstruction, index, over, config), reconstruction.checkpoint.spec.reconstructs
    is_residual = reconstructs and reconstruction.score is None
    residual = f"{'Residual' if is_residual else SCORE}, median {config.median_size}"
    return [
        Panel(views.scan, "Scan", values=file_values(reconstruction.prepared, "axial", index)),
        *([Panel(views.reconstruction, "Reconstruction")] if reconstructs else []),  # else no picture to look at
        Panel(views.residual, residual, windowed=False),
        Panel(views.scan, "Segmentation", views.mask),
    ]


def go_to(reconstruction: Reconstruction, voxel: Voxel) -> None:
    """From a callback: the point that all views show."""
    st.session_state[keys.VOXEL] = voxel
    st.session_state[keys.LEVEL] = reconstruction.prepared.slab.levels[voxel[0]]


def point(reconstruction: Reconstruction, level: int) -> Voxel:
    """The point that the three planes meet in: the one chosen last, on the level shown."""
    depth, height, width = reconstruction.prepared.array.shape
    kept = st.session_state.get(keys.VOXEL) or (0, height // 2, width // 2)
    return min(max(level - reconstruction.prepared.slab.first, 0), depth - 1), kept[1], kept[2]


def to_level(level: int) -> None:
    """From a callback: the level that all views show."""
    st.session_state[keys.LEVEL] = level
