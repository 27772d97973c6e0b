"""The mask corrected by hand: what is kept of it for this browser, and what each tool does to it.

Kept is one history a scan. It outlives a reload, a change of the threshold and of the model, and goes with "Forget my
scans".
"""

from collections.abc import Sequence

import streamlit as st

from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.shell import keys
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.jobs import jobs
from pages.ui.shell.tasks import kept
from pages.ui.viewer.strokes import Stroke
from uad_core.pipeline.edits import EditHistory, MaskEdits, edited, region_at, region_voxels
from uad_core.pipeline.grow import grown_voxels
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation
from uad_core.render.strokes import painted_voxels
from uad_core.render.views import slice_voxel

MOST_SCANS = 8  # whose edits are kept; those edited longest ago go first


def history_of(choice: SelectedScan) -> EditHistory:
    """The edits of a scan, and those before."""
    history = kept().get(_name(choice))
    return history if isinstance(history, EditHistory) else EditHistory()


def corrected(choice: SelectedScan, reconstruction: Reconstruction, detected: Segmentation) -> Segmentation:
    """The segmentation with the edits of the scan."""
    return edited(detected, reconstruction, history_of(choice).now)


def take_strokes(
    choice: SelectedScan, reconstruction: Reconstruction, detected: Segmentation, strokes: Sequence[Stroke]
) -> None:
    """From a callback: do what was painted, each stroke once."""
    history, taken = history_of(choice), last_taken()
    for stroke in strokes:
        if stroke.number > taken:
            taken = stroke.number
            history = _after(history, stroke, reconstruction, detected)
    st.session_state[keys.STROKE] = taken
    _keep(choice, history)


def last_taken() -> int:
    """Number of the last stroke that was taken in this session."""
    return int(st.session_state.get(keys.STROKE, 0))


def offer_row_tools(choice: SelectedScan, reconstruction: Reconstruction, segmentation: Segmentation) -> None:
    """Below the table of regions: what can be done with the row that is picked, and the last correction taken back."""
    selection = st.session_state.get(keys.LESIONS)
    rows = selection.selection.rows if selection else []
    number = rows[0] + 1 if rows and rows[0] < len(segmentation.lesions) else 0
    history, slab = history_of(choice), reconstruction.prepared.slab

    def delete() -> None:
        voxels = region_voxels(segmentation, slab, number)
        _keep(choice, history.then(history.now.with_removed("delete", voxels, whole=True)))

    def keep_alone() -> None:
        voxels = region_voxels(segmentation, slab, number, others=True)
        _keep(choice, history.then(history.now.with_removed("keep", voxels, whole=True)))

    def undo() -> None:
        _keep(choice, history.back())

    named = f" {number}" if number else ""
    offers = (
        (f"Delete region{named}", delete, not number, "Takes the picked row's region out of the mask."),
        (f"Keep only region{named}", keep_alone, not number, "Takes all other regions out of the mask."),
        ("Undo", undo, len(history.states) < 2, "Takes back the last correction by hand, of whatever kind."),
    )
    for column, (label, act, disabled, words) in zip(st.columns(3), offers, strict=True):
        column.button(label, on_click=act, disabled=disabled, width="stretch", key=f"row {act.__name__}", help=words)
    if problem := st.session_state.pop(keys.EDIT_PROBLEM, ""):
        st.toast(problem, icon=":material/edit_off:")  # seen wherever the page stands


def _after(history: EditHistory, stroke: Stroke, reconstruction: Reconstruction, detected: Segmentation) -> EditHistory:
    """With one stroke more; as it was where the stroke met nothing."""
    prepared, now = reconstruction.prepared, history.now
    index = stroke.level - prepared.slab.first
    if stroke.tool == "undo":
        return history.back()
    if stroke.tool == "clear":
        return history.then(MaskEdits()) if now else history
    if not stroke.pixels or not 0 <= index < prepared.slab.count:
        return history
    if stroke.tool in ("paint", "erase"):
        voxels = painted_voxels(prepared, index, stroke.pixels)
        done = now.with_added if stroke.tool == "paint" else now.with_removed
        return history.then(done(stroke.tool, voxels))
    voxel = slice_voxel(prepared, index, *stroke.pixels[0])
    if stroke.tool == "grow":
        voxels = grown_voxels(prepared, voxel)
        if not voxels.size:
            st.session_state[keys.EDIT_PROBLEM] = "Nothing was grown there: it hardly differs from what is around it."
        return history.then(now.with_added("grow", voxels)) if voxels.size else history
    shown = edited(detected, reconstruction, now)
    if not (number := region_at(shown, voxel)):
        return history
    voxels = region_voxels(shown, prepared.slab, number)
    return history.then(now.with_removed("delete", voxels, whole=True))


def _keep(choice: SelectedScan, history: EditHistory) -> None:
    """For this browser; where the server has no room, what was before stays, and a sentence says why."""
    values, name = kept(), _name(choice)
    try:
        jobs().make_room(history.now.size_bytes)
    except ServerFull as full:
        st.session_state[keys.EDIT_PROBLEM] = str(full)
        return
    values.pop(name, None)
    values[name] = history  # the last in line
    for old in [one for one in values if one.startswith(keys.EDITS)][:-MOST_SCANS]:
        del values[old]


def _name(choice: SelectedScan) -> str:
    return f"{keys.EDITS} {choice.key}"
