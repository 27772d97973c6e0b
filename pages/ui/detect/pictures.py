"""The pictures of the tuning page: one axial level in four views, three linked planes, or the head in 3-D."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages.ui.detect.editing import last_taken, take_strokes
from pages.ui.inputs.scan import prepared_scan, truth_in_slab
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.shell import keys
from pages.ui.shell.job import Work
from pages.ui.shell.tasks import done
from pages.ui.viewer.display import go_to, point, slice_panels, to_level
from pages.ui.viewer.head import HeadView, show_head
from pages.ui.viewer.strokes import Stroke
from pages.ui.viewer.viewer import SIDES, Click, Listeners, Panel, PanelLayout, show_panels
from uad_core.atlas.space import WHOLE_BRAIN, Slab
from uad_core.detect.lights import stamp_of
from uad_core.io.volume import Mask
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.preprocess import Prepared
from uad_core.quality import Check
from uad_core.render import head, views
from uad_core.render.planes import PLANES, Plane
from uad_core.render.readout import file_values


@dataclass(frozen=True, eq=False)
class Finding:
    """What was found in a scan, with the reference in its slab if there is one, and how it is looked at.

    Attributes:
        segmentation: as a hand corrected it.
        detected: without what a hand did.
        lights: the checks of the scan; a red one stands on every picture of the mask.
        level: axial level to look at.
        opacity: of the mask, [0, 1].
    """

    choice: SelectedScan
    reconstruction: Reconstruction
    segmentation: Segmentation
    detected: Segmentation
    config: DetectConfig
    truth: Mask | None
    lights: tuple[Check, ...]
    level: int
    opacity: float

    @property
    def stamp(self) -> str:
        return stamp_of(self.lights)


def draw_slices(found: Finding) -> None:
    """One axial level in four views, side by side."""
    reconstruction, slab = found.reconstruction, found.reconstruction.prepared.slab
    index, overlay = found.level - slab.first, views.Overlay(found.segmentation.mask, found.truth, found.opacity)
    *panels, last = slice_panels(reconstruction, index, overlay, found.config.postprocess)
    marks = views.region_marks(reconstruction.prepared, found.segmentation.mask, index)
    panels.append(replace(last, marks=marks, stamp=found.stamp, ink=max(found.opacity, 0.05)))

    def go(click: Click) -> None:
        go_to(reconstruction, views.slice_voxel(reconstruction.prepared, index, click.column, click.row))

    def paint(strokes: Sequence[Stroke]) -> None:
        take_strokes(found.choice, reconstruction, found.detected, strokes)

    layout = PanelLayout(250, None, found.level, slab.levels, taken=last_taken())
    show_panels(panels, "slices", layout, Listeners(to_level, go, step_through(found), paint))


def step_through(found: Finding) -> Callable[[int], None]:
    """A callback that goes to the next region of the table, or to the one before."""

    def step(by: int) -> None:
        if lesions := found.segmentation.lesions:
            kept = st.session_state.get(keys.REGION, 0)  # before the first
            number = (kept - 1 + by) % len(lesions) if kept else (0 if by > 0 else len(lesions) - 1)
            st.session_state[keys.REGION] = number + 1
            go_to(found.reconstruction, lesions[number].centre_voxel)

    return step


def draw_planes(found: Finding) -> None:
    """The segmentation in three planes through one point, all levels of the scan; a click in one moves the others."""
    whole, slab = prepared_scan(found.choice, WHOLE_BRAIN), found.reconstruction.prepared.slab
    _show_planes(found, whole, PLANES)
    if slab.count < whole.slab.count:
        st.caption(f"{_searched(slab)}; the rest is shown darker.")


def draw_head(found: Finding) -> None:
    """All levels in NiiVue, three planes and a rendering by the browser's own graphics; beside it the axial slice."""
    whole, slab = prepared_scan(found.choice, WHOLE_BRAIN), found.reconstruction.prepared.slab
    file = done((found.choice.key, "3-D"), Work(lambda on_progress: head.head_nifti(whole), "3-D", 2.0))
    mask = head.mask_nifti(whole, found.segmentation.mask, slab)
    truth = truth_in_slab(found.choice, whole)
    outline = b"" if truth is None else head.outline_nifti(whole, truth)
    cross = head.to_mm(whole, _voxel(found, whole))

    def go(place: head.Point) -> None:
        _go_to(found, whole, head.voxel_at(whole, place))

    volume, axial = st.columns([1.5, 1])
    with volume:
        show_head(HeadView(file, mask, outline, found.opacity, cross, found.stamp), "head", go, step_through(found))
        st.caption(
            "NiiVue, in the atlas's space. A click moves the cross here and in the slices; a drag turns the head; "
            "wheel: slices; right button: move. Grey window, and hiding the mask (M): in the slice beside it."
            + ("" if slab.count == whole.slab.count else f" {_searched(slab)}, no others.")
        )
    with axial:
        _show_planes(found, whole, PLANES[:1])


def _searched(slab: Slab) -> str:
    return f"Levels {slab.first} to {slab.levels[-1]} were searched"


def _voxel(found: Finding, whole: Prepared) -> views.Voxel:
    """The point that all views show, among the levels of `whole`."""
    return (found.level - whole.slab.first, *point(found.reconstruction, found.level)[1:])


def _go_to(found: Finding, whole: Prepared, voxel: views.Voxel) -> None:
    """From a callback: there, on the nearest level that was searched."""
    slab = found.reconstruction.prepared.slab
    level = min(max(voxel[0] + whole.slab.first, slab.first), slab.levels[-1])
    go_to(found.reconstruction, (level - slab.first, *voxel[1:]))


def _show_planes(found: Finding, whole: Prepared, planes: Sequence[Plane]) -> None:
    slab = found.reconstruction.prepared.slab
    mask, searched = views.seen_in(whole, found.segmentation.mask, slab)
    voxel = _voxel(found, whole)
    shown = views.plane_views(whole, mask, voxel, truth_in_slab(found.choice, whole), found.opacity, searched)
    panels = [
        Panel(
            view.scan,
            plane.capitalize(),
            view.mask,
            SIDES[plane],
            cross=view.cross,
            stamp=found.stamp,
            values=file_values(whole, plane, index),
        )
        for view, plane, index in zip(shown, planes, views.cropped(whole, voxel), strict=False)
    ]

    def go(click: Click) -> None:
        _go_to(found, whole, views.plane_voxel(whole, voxel, click.panel, click.column, click.row))

    layout = PanelLayout(260 if len(panels) > 1 else 290, None, found.level, slab.levels)
    show_panels(panels, f"{len(panels)} planes", layout, Listeners(to_level, go, step_through(found)))


VIEWS = {"Slice": draw_slices, "Three planes": draw_planes, "3-D": draw_head}
