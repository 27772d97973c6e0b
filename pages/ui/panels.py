"""What the tuning page shows: four pictures of a slice, the histogram, the lesions, the files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from uad_core.export import export
from uad_core.metrics import dice
from uad_core.pipeline import DetectConfig, Reconstruction, Segmentation, segment
from uad_core.postprocess import PostprocessConfig
from uad_core.render import slice_pictures

BINS = 80


def pick_level(reconstruction: Reconstruction, place: DeltaGenerator) -> int:
    """The axial level to look at; at first the one with the most tissue above the paper's threshold."""
    levels = reconstruction.prepared.slab.levels
    if st.session_state.get("level") not in levels:
        lesions = segment(reconstruction, DetectConfig()).lesions
        st.session_state["level"] = levels[lesions[0].centre_voxel[0] if lesions else len(levels) // 2]
    return int(
        place.slider(
            "Axial level", levels[0], levels[-1], key="level",
            help="Atlas millimetres above the lowest slice of the brain; up is towards the crown.",
        )
    )  # fmt: skip


def draw_slices(
    columns: Sequence[DeltaGenerator],
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: PostprocessConfig,
    level: int,
    truth: Any,
) -> None:
    """Prepared scan, reconstruction, filtered residual and segmentation of one axial level, side by side."""
    names = ("Scan", "Reconstruction", f"Residual, median {config.median_size}", "Segmentation")
    index = level - reconstruction.prepared.slab.first
    pictures = slice_pictures(reconstruction, segmentation, config, index, truth)
    for column, name, picture in zip(columns, names, pictures, strict=True):
        if name == "Reconstruction" and not reconstruction.checkpoint.spec.redraws:
            column.info("This model redraws nothing: in place of a residual stands its own score of each voxel.")
        else:
            column.image(picture, caption=name, width="stretch", output_format="PNG")


def draw_histogram(reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig) -> None:
    """This scan's filtered residuals over those of healthy scans, and the threshold."""
    post = config.postprocess
    healthy = reconstruction.checkpoint.calibration.histogram(post.signed, post.median_size, segmentation.reference)
    top = reconstruction.residual_window(post)
    edges = tuple(top * k / BINS for k in range(BINS + 1))
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    figure = go.Figure(
        [
            go.Bar(
                x=middles,
                y=100 * reconstruction.profile(post, edges),
                width=top / BINS,
                name="this scan",
                marker_color="#56B4E9",
                marker_line_width=0,
            ),
            go.Scatter(
                x=middles,
                y=100 * healthy.profile(edges),
                name="healthy",
                line={"color": "#009E73", "width": 2, "shape": "hvh"},
            ),
        ]
    )
    figure.add_vline(x=min(segmentation.threshold, top), line={"color": "#D55E00", "width": 2})
    figure.update_layout(
        height=330,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        bargap=0,
        legend={"orientation": "h", "y": 1.12},
        xaxis_title="filtered residual (normalised intensity)",
        yaxis={"title": "% of brain voxels", "type": "log", "dtick": 1},
    )
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False}, key="histogram")


def draw_lesions(segmentation: Segmentation, reconstruction: Reconstruction) -> None:
    """One row a lesion; a click goes to its level."""
    if not segmentation.lesions:
        st.info("No voxel above the threshold.")
        return
    rows = [
        {
            "#": lesion.number,
            "mm³": round(lesion.volume_mm3),
            "x": round(lesion.centre_mm[0]),
            "y": round(lesion.centre_mm[1]),
            "z": round(lesion.centre_mm[2]),
            "peak": round(lesion.peak_residual, 3),
        }
        for lesion in segmentation.lesions
    ]

    def go_there() -> None:
        if chosen := st.session_state["lesions"].selection.rows:
            first = reconstruction.prepared.slab.first
            st.session_state["level"] = first + segmentation.lesions[chosen[0]].centre_voxel[0]

    where = "Centre, in the scan's own millimetres: x grows to the right, y to anterior, z to superior."
    columns = {axis: st.column_config.NumberColumn(f"{axis} mm", help=where) for axis in "xyz"}
    st.dataframe(
        rows, height=285, hide_index=True, key="lesions", on_select=go_there, selection_mode="single-row",
        column_config=columns,
    )  # fmt: skip


def draw_download(reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, label: str) -> None:
    """Mask, or everything, on the scan's own grid; made when asked for."""

    def files() -> dict[str, bytes]:
        return export(reconstruction, segmentation, config, label)

    def mask() -> bytes:
        return next(data for name, data in files().items() if name.endswith("_mask.nii.gz"))

    def everything() -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in files().items():
                archive.writestr(name, data)
        return buffer.getvalue()

    left, right = st.columns(2)
    stem = f"sub-{label}_space-orig_desc-{reconstruction.checkpoint.name.replace('-', '')}"
    left.download_button(
        "Mask (NIfTI)",
        mask,
        f"{stem}_mask.nii.gz",
        "application/gzip",
        width="stretch",
        on_click="ignore",
        help="On the voxel grid of your file.",
    )
    right.download_button(
        "All results (zip)",
        everything,
        f"{stem}.zip",
        "application/zip",
        width="stretch",
        on_click="ignore",
        help="Mask, residual, lesion table, and how they came about.",
    )


def draw_log(reconstruction: Reconstruction) -> None:
    """What was done to the scan, and what gives cause for doubt."""
    for warning in (*reconstruction.prepared.scan.notes, *reconstruction.prepared.warnings, *reconstruction.warnings):
        st.warning(warning, icon=":material/warning:")
    with st.expander("What was done to this scan"):
        for step in reconstruction.prepared.steps:
            st.markdown(f"- {step.sentence} ({step.seconds:.1f} s)")


def agreement(segmentation: Segmentation, truth: Any) -> str:
    """How well the mask fits the outlined truth of a simulated scan."""
    score = dice(segmentation.mask, truth)
    return (
        f"Outlined in blue: the lesions that were simulated. Dice at these levels: {score:.2f}."
        if score == score
        else "This scan was simulated without lesions at these levels; all that is flagged is false."
    )
