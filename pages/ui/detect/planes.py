"""Three linked planes, and the head in 3-D: all levels of the scan, and what was flagged in those searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from pages.ui.viewer.display import go_to, point, to_level
from pages.ui.viewer.viewer import CONVENTIONS, SIDES, Click, Panel, PanelLayout, show_panels
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation
from uad_core.preprocess import Prepared
from uad_core.render.planes import PLANES, Plane
from uad_core.render.views import head_nifti, mask_nifti, plane_views, plane_voxel, seen_in


@dataclass(frozen=True, eq=False)
class Head:
    """What there is to show.

    Attributes:
        key: of the scan and how it was prepared.
        whole: the scan at all levels; those that were not searched are dark.
        truth: reference mask at all levels, or None.
        level: axial level to look at.
        opacity: of the mask, [0, 1].
    """

    key: str
    whole: Prepared
    reconstruction: Reconstruction
    segmentation: Segmentation
    truth: Any
    level: int
    opacity: float


def draw_planes(head: Head) -> None:
    """The segmentation in three planes through one point; a click in one moves the others."""
    _show_planes(head, PLANES)
    slab = head.reconstruction.prepared.slab
    if slab.count < head.whole.slab.count:
        st.caption(f"Levels {slab.first} to {slab.levels[-1]} were searched; the rest is shown darker.")


def draw_head(head: Head) -> None:
    """All levels in NiiVue, three planes and a rendering by the browser's own graphics; beside it the axial slice."""
    from niivue_component import niivue_viewer

    mask = mask_nifti(head.whole, head.segmentation.mask, head.reconstruction.prepared.slab)
    volume, axial = st.columns(2)
    with volume:
        niivue_viewer(
            nifti_data=_as_nifti(head.key, head.whole),
            filename="scan.nii.gz",
            # the viewer takes an overlay of a known name for a known overlay
            overlays=[{"data": mask, "name": f"mask{hash(mask)}.nii.gz", "colormap": "red", "opacity": head.opacity}],
            height=420,
            view_mode="multiplanar",
            styled=False,
            settings={"radiological": st.session_state.get(keys.CONVENTION) != CONVENTIONS[1], "crosshair": True},
            update_interval_ms=None,
            key=keys.NIIVUE,
        )
        st.caption(
            "NiiVue, in the atlas's space, with a cross of its own; below left its voxel and grey value, 0 to 255. "
            "Right mouse button: grey window. Wheel: slices."
        )
    with axial:
        _show_planes(head, PLANES[:1])


def _show_planes(head: Head, planes: Sequence[Plane]) -> None:
    whole, slab = head.whole, head.reconstruction.prepared.slab
    mask, searched = seen_in(whole, head.segmentation.mask, slab)
    _, height, width = point(head.reconstruction, head.level)
    voxel = (head.level - whole.slab.first, height, width)
    views = plane_views(whole, mask, voxel, head.truth, head.opacity, searched)
    panels = [
        Panel(view.scan, plane.capitalize(), view.mask, SIDES[plane], cross=view.cross)
        for view, plane in zip(views, planes, strict=False)
    ]

    def go(click: Click) -> None:
        depth, row, column = plane_voxel(whole, voxel, click.panel, click.column, click.row)
        go_to(head.reconstruction, (min(max(depth - searched.start, 0), slab.count - 1), row, column))

    show_panels(
        panels,
        f"{len(panels)} planes",
        PanelLayout(260 if len(panels) > 1 else 290, level=head.level, levels=slab.levels),
        on_level=to_level,
        on_click=go,
    )


@st.cache_data(show_spinner=False, max_entries=2, ttl=1800)
def _as_nifti(key: str, _prepared: Prepared) -> bytes:
    return head_nifti(_prepared)
