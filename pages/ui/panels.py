"""What the tuning page shows: four pictures of a slice, the histogram, the lesions, the files."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from uad_core.export import export
from uad_core.pipeline import DetectConfig, Reconstruction, Segmentation
from uad_core.render import slice_pictures

BINS = 80


def draw_slices(reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, truth: Any) -> None:
    """Prepared scan, reconstruction, filtered residual and segmentation of one axial level, side by side."""
    slab = reconstruction.prepared.slab
    levels = slab.levels
    if st.session_state.get("level") not in levels:
        st.session_state["level"] = _first_level(reconstruction, segmentation)
    columns = st.columns(4, gap="small")
    level = (
        st.slider(
            "Axial level",
            levels[0],
            levels[-1],
            key="level",
            help="Atlas millimetres above the lowest slice; up is towards the crown.",
        )
        if len(levels) > 1
        else levels[0]
    )
    names = ("Scan", "Reconstruction", f"Residual, median {config.postprocess.median_size}", "Segmentation")
    pictures = slice_pictures(reconstruction, segmentation, config.postprocess, level - slab.first, truth)
    for column, name, picture in zip(columns, names, pictures, strict=True):
        column.image(picture, caption=name, width="stretch", output_format="PNG")


def _first_level(reconstruction: Reconstruction, segmentation: Segmentation) -> int:
    """Where the largest lesion lies, or the middle."""
    slab = reconstruction.prepared.slab
    return int(slab.first) + (segmentation.lesions[0].centre_voxel[0] if segmentation.lesions else slab.count // 2)


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
            "volume mm³": lesion.volume_mm3,
            "x mm": lesion.centre_mm[0],
            "y mm": lesion.centre_mm[1],
            "z mm": lesion.centre_mm[2],
            "peak": round(lesion.peak_residual, 3),
        }
        for lesion in segmentation.lesions
    ]

    def go_there() -> None:
        if chosen := st.session_state["lesions"].selection.rows:
            st.session_state["level"] = (
                reconstruction.prepared.slab.first + segmentation.lesions[chosen[0]].centre_voxel[0]
            )

    st.dataframe(
        rows,
        height=285,
        hide_index=False,
        key="lesions",
        on_select=go_there,
        selection_mode="single-row",
        column_config={
            "x mm": st.column_config.NumberColumn(
                help="The scan's own millimetres: x grows to the right, y to anterior, z to superior."
            )
        },
    )


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
