"""What stands below the pictures of the tuning page: the regions found, the files, and what was done."""

import io
import math
import zipfile
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.inputs.scan import SelectedScan
from pages.ui.shell import keys
from pages.ui.viewer.charts import show_chart
from pages.ui.viewer.display import go_to
from uad_core.detect.export import export
from uad_core.detect.presets import command_line
from uad_core.evaluate.metrics import dice
from uad_core.evaluate.review import dice_over_percentile
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.colours import BLUE, VERMILION

PERCENTILES = (80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.3, 99.6, 99.8, 99.9)


def draw_lesions(segmentation: Segmentation, reconstruction: Reconstruction) -> None:
    """One row a lesion; a click goes there."""
    if not segmentation.lesions:
        st.info("No voxel above the threshold.")
        return
    levels = reconstruction.prepared.slab.levels
    rows = [
        {
            "#": lesion.number,
            "mm³": round(lesion.volume_mm3),
            "peak": round(lesion.peak_residual, 3),
            "side": lesion.side,
            "level": levels[lesion.centre_voxel[0]],
            "place": lesion.place,
        }
        for lesion in segmentation.lesions
    ]

    def go_there() -> None:
        if chosen := st.session_state[keys.LESIONS].selection.rows:
            go_to(reconstruction, segmentation.lesions[chosen[0]].centre_voxel)

    texts = {
        "mm³": "Volume in the patient's brain, mm³.",
        "place": "Tissue of the atlas in which most of it lies.",
        "side": "The patient's side.",
        "level": "Atlas level of its centre, mm.",
        "peak": "Largest residual, not filtered, in normalised intensity.",
    }
    widths = {"#": 40, "mm³": 65, "peak": 60, "side": 55, "level": 55}  # px; the rest is the place's
    columns = {name: st.column_config.Column(name, help=texts.get(name), width=widths.get(name)) for name in rows[0]}
    st.dataframe(
        rows, height=260, hide_index=True, key=keys.LESIONS, on_select=go_there, selection_mode="single-row",
        column_config=columns,
    )  # fmt: skip


def draw_download(
    reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, choice: SelectedScan
) -> None:
    """Mask, report, or everything, on the scan's own grid; made when asked for."""

    def files() -> dict[str, bytes]:
        command = command_line(reconstruction.checkpoint, config, choice.prepare_options)
        return export(reconstruction, segmentation, config, choice.label, command)

    def one(ending: str) -> bytes:
        return next(data for name, data in files().items() if name.endswith(ending))

    def everything() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in files().items():
                archive.writestr(name, data)
        return buffer.getvalue()

    stem = f"sub-{choice.label}_space-orig_desc-{reconstruction.checkpoint.name.replace('-', '')}"
    offers = (
        ("Mask", lambda: one("_mask.nii.gz"), f"{stem}_mask.nii.gz", "application/gzip",
         "NIfTI on the voxel grid of your scan."),
        ("Report", lambda: one("report.html"), f"{stem}_report.html", "text/html",
         "One page to print: pictures, regions, and how they came about."),
        ("All (zip)", everything, f"{stem}.zip", "application/zip",
         "Mask and residual as NIfTI, the mask as DICOM SEG if your scan came as DICOM, table of regions, report, "
         "and a JSON that says how they came about."),
    )  # fmt: skip
    for column, (name, data, file, kind, help_text) in zip(st.columns(len(offers)), offers, strict=True):
        column.download_button(name, data, file, kind, width="stretch", on_click="ignore", help=help_text)


def draw_log(reconstruction: Reconstruction) -> None:
    """What was done to the scan, and what gives cause for doubt."""
    for warning in (*reconstruction.prepared.scan.notes, *reconstruction.prepared.warnings, *reconstruction.warnings):
        st.warning(warning, icon=":material/warning:")
    with st.expander("What was done to this scan"):
        for step in reconstruction.prepared.steps:
            st.markdown(f"- {step.sentence} ({step.seconds:.1f} s)")


def agreement(segmentation: Segmentation, truth: Any, uploaded: bool) -> str:
    """How well the mask fits the outlined reference."""
    score = dice(segmentation.mask, truth)
    what = "your reference mask" if uploaded else "the mask of the simulated lesions"
    if math.isnan(score):
        return f"{what.capitalize()} is empty at these levels; everything flagged is a false positive."
    return f"Outlined in blue: {what}. Dice at these levels: {score:.2f}."


def draw_dice_curve(
    reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, truth: Any
) -> None:
    """Dice against the percentile: what another choice would have cost, which only a reference can tell."""
    scores = dice_over_percentile(reconstruction, config, truth, PERCENTILES)
    figure = go.Figure(go.Scatter(x=PERCENTILES, y=scores, mode="lines+markers", line={"color": BLUE}, name="Dice"))
    if PERCENTILES[0] <= segmentation.percentile <= PERCENTILES[-1]:  # of a threshold, it may lie far out
        figure.add_vline(x=segmentation.percentile, line={"color": VERMILION, "width": 2})
    show_chart(
        figure, keys.DICE_CURVE, 230, showlegend=False,
        xaxis_title="percentile of healthy residuals", yaxis={"title": "Dice", "rangemode": "tozero"},
    )  # fmt: skip
    st.caption("The peak is a best case: it was picked on the truth, which no user has.")
