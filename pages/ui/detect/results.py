"""What stands below the pictures of the tuning page: the regions found, the files, and what was done."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages.ui.detect.pictures import Finding
from pages.ui.shell import keys
from pages.ui.shell.downloads import ending_in, zipped
from pages.ui.viewer.charts import show_chart
from pages.ui.viewer.display import go_to
from uad_core.detect.export import export
from uad_core.detect.lights import cautions
from uad_core.detect.presets import command_line
from uad_core.detect.result_files import NAMELESS, REPORT, result_stem
from uad_core.evaluate.metrics import dice
from uad_core.evaluate.review import dice_over_percentile
from uad_core.io.marks import Marks
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation
from uad_core.quality import Check
from uad_core.render.colours import BLUE, VERMILION

PERCENTILES = (80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.3, 99.6, 99.8, 99.9, 99.95, 99.99)
LESION_COLUMNS = {  # width in px, the rest is the place's; and what it means
    "#": (34, None),
    "mm³": (58, "Volume in the patient's brain, mm³."),
    "peak": (54, "Largest residual, in normalised intensity, or score of the model; not filtered."),
    "side": (50, "The patient's side."),
    "level": (48, "Atlas level of its centre, mm."),
    "place": (None, "Tissues of the atlas in which it lies, with their shares; WM and GM: white and grey matter."),
}


def draw_lesions(segmentation: Segmentation, reconstruction: Reconstruction) -> None:
    """One row a lesion; a click goes there."""
    lesions, levels = segmentation.lesions, reconstruction.prepared.slab.levels
    if not lesions:
        st.info("There is no region to list.")
        return

    def go_there() -> None:
        if chosen := st.session_state[keys.LESIONS].selection.rows:
            go_to(reconstruction, lesions[chosen[0]].centre_voxel)

    cells = [(one.number, round(one.volume_mm3), round(one.peak_residual, 3), one.side, levels[one.centre_voxel[0]],
              _short(one.tissues if one.by_hand == "no" else f"{one.by_hand} by hand: {one.tissues}"))
             for one in lesions]  # fmt: skip
    columns = {name: st.column_config.Column(name, width=px, help=text) for name, (px, text) in LESION_COLUMNS.items()}
    st.dataframe(
        [dict(zip(columns, row, strict=True)) for row in cells], height=260, hide_index=True, key=keys.LESIONS,
        on_select=go_there, selection_mode="single-row", column_config=columns,
    )  # fmt: skip


def _short(place: str) -> str:
    """So that two tissues fit into the table."""
    return place.replace("white matter", "WM").replace("grey matter", "GM")


def draw_download(found: Finding) -> None:
    """Mask, report, or everything, on the scan's own grid; made when asked for."""
    checkpoint, choice = found.reconstruction.checkpoint, found.choice

    def files() -> dict[str, bytes]:
        edited = found.segmentation.edits is not None
        command = command_line(checkpoint, found.config, choice.prepare_options, edited)
        return export(found.reconstruction, found.segmentation, found.config, choice.label, command)

    def one(ending: str) -> bytes:
        return ending_in(ending, files())

    def everything() -> bytes:
        return zipped(files())

    stem = result_stem(choice.label, checkpoint.name)
    offers = (
        ("Mask", lambda: one("_mask.nii.gz"), f"{stem}_mask.nii.gz", "application/gzip",
         "NIfTI on the voxel grid of your scan."),
        ("Report", lambda: one(REPORT), f"{stem}{REPORT}", "text/html",
         "One page to print: pictures, regions, and how they came about."),
        ("All (zip)", everything, f"{stem}.zip", "application/zip",
         "Mask and residual as NIfTI, the mask as DICOM SEG if your scan came as DICOM, table of regions, report, "
         "and a JSON that says how they came about."),
    )  # fmt: skip
    for column, (name, data, file, kind, help_text) in zip(st.columns(len(offers)), offers, strict=True):
        column.download_button(name, data, file, kind, width="stretch", on_click="ignore", help=help_text)
    if choice.label == NAMELESS:
        st.caption(f"The files are called sub-{NAMELESS}: name the scan on the page Scan, and they are called so.")


def draw_log(reconstruction: Reconstruction, lights: Sequence[Check]) -> None:
    """What was done to the scan, and what gives cause for doubt."""
    for caution in cautions(reconstruction, lights):
        st.warning(caution, icon=":material/warning:")
    with st.expander("What was done to this scan"):
        for step in reconstruction.prepared.steps:
            st.markdown(f"- {step.sentence} ({step.seconds:.1f} s)")


def agreement(segmentation: Segmentation, marks: Marks, uploaded: bool) -> str:
    """How well the mask fits the outlined reference, apart from what that calls neither lesion nor healthy."""
    score = dice(segmentation.mask & ~marks.ignored, marks.inside)
    what = "your reference mask" if uploaded else "the mask of the simulated lesions"
    if math.isnan(score):
        return f"{what.capitalize()} is empty at these levels; everything flagged is a false positive."
    return f"Outlined in blue: {what}. Dice at these levels: {score:.2f}."


def draw_dice_curve(found: Finding, marks: Marks) -> None:
    """Dice against the percentile: what another choice would have cost, which only a reference can tell."""
    scores = dice_over_percentile(found.reconstruction, found.config, marks, PERCENTILES)
    figure = go.Figure(go.Scatter(x=PERCENTILES, y=scores, mode="lines+markers", line={"color": BLUE}, name="Dice"))
    if PERCENTILES[0] <= found.segmentation.percentile <= PERCENTILES[-1]:  # of a threshold, it may lie far out
        figure.add_vline(x=found.segmentation.percentile, line={"color": VERMILION, "width": 2})
    show_chart(
        figure, "dice curve", 230, showlegend=False,
        xaxis_title="percentile of healthy residuals", yaxis={"title": "Dice", "rangemode": "tozero"},
    )  # fmt: skip
    st.caption("The peak is a best case: it was picked on the truth, which no user has.")
