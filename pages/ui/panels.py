"""The pictures of the tuning page: one slice in four views, three linked planes, or the head in 3-D."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.viewer import CONVENTIONS, SIDES, Click, Panel, show_panels
from uad_core.nifti import encode_nifti
from uad_core.pipeline import DetectConfig, Reconstruction, Segmentation, segment
from uad_core.planes import PLANES, Plane
from uad_core.postprocess import PostprocessConfig
from uad_core.preprocess import Prepared
from uad_core.views import Voxel, plane_views, plane_voxel, seen_in, slice_views, slice_voxel
from uad_core.volume import Volume

VIEWS = ("Slice", "Three planes", "3-D")


def pick_view(place: DeltaGenerator) -> str:
    """Which pictures."""
    view = place.segmented_control(
        "View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params", label_visibility="collapsed",
        help="Slice: scan, reconstruction, residual and segmentation of one axial level. Three planes: the "
        "segmentation through one point. 3-D: NiiVue, in your graphics card.",
    )  # fmt: skip
    return str(view)


def pick_display(place: DeltaGenerator) -> float:
    """Convention and opacity of the mask; returns the opacity, [0, 1]."""
    place.radio(
        "Display", CONVENTIONS, key="convention", bind="query-params", horizontal=True,
        help="Radiological: the patient's right is on the left of the picture. Neurological: mirrored.",
    )  # fmt: skip
    opacity: float = place.slider(
        "Opacity of the mask", 0.0, 1.0, 0.55, 0.05, key="opacity", bind="query-params",
        help="0 is invisible, 1 hides the scan beneath.",
    )  # fmt: skip
    return opacity


def pick_level(reconstruction: Reconstruction, place: DeltaGenerator) -> int:
    """The axial level to look at; for a new scan the one with the largest region at the paper's threshold."""
    levels = reconstruction.prepared.slab.levels
    scan = (id(reconstruction.prepared.scan), levels)
    kept = st.session_state.get("level")
    from_link = "level_of" not in st.session_state and "level" in st.query_params
    if not from_link and (kept not in levels or st.session_state.get("level_of") != scan):
        lesions = segment(reconstruction, DetectConfig()).lesions
        st.session_state["level"] = levels[lesions[0].centre_voxel[0] if lesions else len(levels) // 2]
    st.session_state["level_of"] = scan
    if len(levels) == 1:
        return levels[0]
    return int(
        place.slider(
            "Axial level", levels[0], levels[-1], key="level", bind="query-params",
            help="Atlas millimetres above the lowest slice of the brain; up is towards the crown. The mouse wheel "
            "over a picture and the arrow keys turn it, too.",
        )
    )  # fmt: skip


def go_to(reconstruction: Reconstruction, voxel: Voxel) -> None:
    """From a callback: the point that all views show."""
    st.session_state["voxel"] = voxel
    st.session_state["level"] = reconstruction.prepared.slab.levels[voxel[0]]


def point(reconstruction: Reconstruction, level: int) -> Voxel:
    """The point that the three planes meet in: the one chosen last, on the level shown."""
    depth, height, width = reconstruction.prepared.array.shape
    kept = st.session_state.get("voxel") or (0, height // 2, width // 2)
    return min(max(level - reconstruction.prepared.slab.first, 0), depth - 1), kept[1], kept[2]


def draw_slices(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: PostprocessConfig,
    level: int,
    truth: Any,
    opacity: float,
) -> None:
    """Prepared scan, reconstruction, filtered residual and segmentation of one axial level, side by side."""
    index = level - reconstruction.prepared.slab.first
    views = slice_views(reconstruction, segmentation, config, index, truth, opacity)
    residual = "Residual" if reconstruction.checkpoint.spec.redraws else "The model's score"
    panels = [
        Panel(views.scan, "Scan"),
        Panel(views.reconstruction, "Reconstruction"),
        Panel(views.residual, f"{residual}, median {config.median_size}", windowed=False),
        Panel(views.scan, "Segmentation", views.mask),
    ]
    if not reconstruction.checkpoint.spec.redraws:
        del panels[1]  # its reconstruction is no picture to look at

    def go(click: Click) -> None:
        go_to(reconstruction, slice_voxel(reconstruction.prepared, index, click.column, click.row))

    show_panels(
        panels, "slices", level=level, levels=reconstruction.prepared.slab.levels, on_level=to_level, on_click=go,
        max_height=250,
    )  # fmt: skip


def draw_planes(
    whole: Prepared, reconstruction: Reconstruction, segmentation: Segmentation, level: int, truth: Any, opacity: float
) -> None:
    """The segmentation in three planes through one point; a click in one moves the others.

    Args:
        whole: the scan at all levels; those that were not searched are dark.
        truth: reference mask at all levels, or None.
    """
    _show_planes(PLANES, whole, reconstruction, segmentation, level, truth, opacity)
    slab = reconstruction.prepared.slab
    if slab.count < whole.slab.count:
        st.caption(f"Levels {slab.first} to {slab.levels[-1]} were searched; the rest is shown darker.")


def draw_head(
    key: str,
    whole: Prepared,
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    level: int,
    truth: Any,
    opacity: float,
) -> None:
    """All levels in NiiVue, three planes and a rendering by the browser's own graphics; beside it the axial slice.

    Args:
        key: of the scan and how it was prepared.
    """
    from niivue_component import niivue_viewer

    grid = Volume.from_canonical(whole.array, whole.slab.affine)
    mask = encode_nifti(seen_in(whole, segmentation.mask, reconstruction.prepared.slab)[0], grid)
    head, slice_place = st.columns(2)
    with head:
        niivue_viewer(
            nifti_data=_as_nifti(key, whole),
            filename="scan.nii.gz",
            # the viewer takes an overlay of a known name for a known overlay
            overlays=[{"data": mask, "name": f"mask{hash(mask)}.nii.gz", "colormap": "red", "opacity": opacity}],
            height=420,
            view_mode="multiplanar",
            styled=False,
            settings={"radiological": st.session_state.get("convention") != CONVENTIONS[1], "crosshair": True},
            update_interval_ms=None,
            key="niivue",
        )
        st.caption("NiiVue, in the atlas's space. Drag with the right mouse button: grey window. Scroll: slices.")
    with slice_place:
        _show_planes(PLANES[:1], whole, reconstruction, segmentation, level, truth, opacity)


def _show_planes(
    planes: Sequence[Plane],
    whole: Prepared,
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    level: int,
    truth: Any,
    opacity: float,
) -> None:
    slab = reconstruction.prepared.slab
    mask, searched = seen_in(whole, segmentation.mask, slab)
    _, height, width = point(reconstruction, level)
    voxel = (level - whole.slab.first, height, width)
    views = plane_views(whole, mask, voxel, truth, opacity, searched)
    panels = [
        Panel(view.scan, plane.capitalize(), view.mask, SIDES[plane], cross=view.cross)
        for view, plane in zip(views, planes, strict=False)
    ]

    def go(click: Click) -> None:
        depth, row, column = plane_voxel(whole, voxel, click.panel, click.column, click.row)
        go_to(reconstruction, (min(max(depth - searched.start, 0), slab.count - 1), row, column))

    show_panels(
        panels, f"{len(panels)} planes", level=level, levels=slab.levels, on_level=to_level, on_click=go,
        max_height=260 if len(panels) > 1 else 290,
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=2, ttl=1800)
def _as_nifti(key: str, _prepared: Prepared) -> bytes:
    """256 greys are enough to look at."""
    grey = (255 * np.clip(_prepared.array, 0, 1)).astype(np.uint8)
    return encode_nifti(grey, Volume.from_canonical(_prepared.array, _prepared.slab.affine))


def to_level(level: int) -> None:
    """From a callback: the level that all views show."""
    st.session_state["level"] = level
