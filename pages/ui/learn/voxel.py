"""The chapters on the chain itself, from the four pictures to the threshold, and the voxel that they follow."""

from collections.abc import Callable

import streamlit as st

from pages.ui.inputs.settings import median_slider, percentile_slider
from pages.ui.learn.charts import draw_healthy, draw_neighbours
from pages.ui.learn.frame import lesson_config
from pages.ui.shell import keys
from pages.ui.viewer.display import slice_panels
from pages.ui.viewer.viewer import Click, Listeners, Panel, PanelLayout, show_panels
from uad_core.io.volume import Mask
from uad_core.pipeline.postprocess import PostprocessConfig, Sign
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess import Prepared
from uad_core.render.overlays import grey_png
from uad_core.render.readout import file_values
from uad_core.render.slices import residual_picture
from uad_core.render.views import Overlay, slice_views, slice_voxel
from uad_core.teaching import VoxelExplanation, arithmetic, default_voxel, explain, voxel_pixel

LARGE = r"\LARGE "  # to be read from the last row
Cross = tuple[int, int] | None  # (column, row) in the cropped picture


def draw_idea(reconstruction: Reconstruction, truth: Mask | None, signed: Sign) -> None:
    """Scan, reconstruction, residual and mask."""
    config = lesson_config(signed)
    overlay = Overlay(segment(reconstruction, config).mask, truth)

    def panels(index: int, cross: Cross) -> list[Panel]:
        return slice_panels(reconstruction, index, overlay, config.postprocess)

    _show_slice(reconstruction.prepared, panels, "idea", 225, columns=2)
    if truth is not None:
        st.caption("Blue outlines: the lesions as the scan's reference has them.")


def draw_voxel(reconstruction: Reconstruction, truth: Mask | None, signed: Sign) -> None:
    """|scan - reconstruction| with the voxel's own numbers."""
    config = lesson_config(signed)
    voxel = explain(reconstruction, config, st.session_state[keys.LESSON["voxel"]])
    st.latex(rf"{LARGE}{arithmetic(voxel)}")
    st.markdown(_in_words(voxel, config))

    prepared = reconstruction.prepared

    def panels(index: int, cross: Cross) -> list[Panel]:
        views = slice_views(reconstruction, index, Overlay(truth=truth))
        return [
            Panel(views.scan, "Scan", views.mask, cross=cross, values=file_values(prepared, "axial", index)),
            Panel(views.reconstruction, "Reconstruction", cross=cross),
        ]

    _show_slice(prepared, panels, "voxel", 295)


def draw_median(reconstruction: Reconstruction, truth: Mask | None, signed: Sign) -> None:
    """The neighbours in order, their middle marked; the residual before and after."""
    pictures, chart = st.columns([1, 1.2], gap="medium")
    median_slider(chart, keys.LESSON["median"], persist_state="session")
    config = lesson_config(signed)
    voxel = explain(reconstruction, config, st.session_state[keys.LESSON["voxel"]])
    plain, post = PostprocessConfig(signed, 1), config.postprocess
    same_scale = reconstruction.residual_window(post) / reconstruction.residual_window(plain)

    def panels(index: int, cross: Cross) -> list[Panel]:
        before = grey_png(residual_picture(reconstruction, plain, index), same_scale)
        after = grey_png(residual_picture(reconstruction, post, index))
        return [
            Panel(before, "Residual", windowed=False, cross=cross),
            Panel(after, f"after the median of {post.median_size}³", windowed=False, cross=cross),
        ]

    with pictures:
        _show_slice(reconstruction.prepared, panels, "median", 195, columns=1)
    with chart:
        draw_neighbours(voxel)
        st.markdown(
            f"Residual {voxel.residual:.2f}; median of its {voxel.neighbours.size} neighbours **{voxel.median:.2f}**. "
            f"{voxel.verdict}"
        )


def draw_threshold(reconstruction: Reconstruction, truth: Mask | None, signed: Sign) -> None:
    """Where the voxel falls among healthy ones, and what the threshold flags."""
    pictures, chart = st.columns([1, 1.2], gap="medium")
    percentile_slider(chart, keys.LESSON["percentile"], persist_state="session")
    config = lesson_config(signed)
    segmentation = segment(reconstruction, config)
    voxel = explain(reconstruction, config, st.session_state[keys.LESSON["voxel"]])

    def panels(index: int, cross: Cross) -> list[Panel]:
        views = slice_views(reconstruction, index, Overlay(segmentation.mask, truth))
        values = file_values(reconstruction.prepared, "axial", index)
        return [Panel(views.scan, "Above the threshold", views.mask, cross=cross, values=values)]

    with pictures:
        _show_slice(reconstruction.prepared, panels, "threshold", 400)
    with chart:
        draw_healthy(reconstruction, segmentation, config, voxel)
        # rounded down: 99.97 % are not all
        share = "all" if voxel.percentile >= 100 else f"{int(10 * voxel.percentile) / 10:.1f} % of the"
        st.markdown(
            f"Flagged here: **{segmentation.flagged_ml:.1f} ml**. The same threshold flags about "
            f"{segmentation.healthy_ml:.1f} ml in a healthy brain of this size. The voxel's median of "
            f"{voxel.median:.3f} exceeds {share} healthy voxels. {voxel.verdict}"
        )


def choose_first_voxel(key: str, reconstruction: Reconstruction, config: DetectConfig) -> None:
    """For a scan that is new to the lesson, the voxel with the largest residual in the mask; `key` identifies it."""
    if st.session_state.get(keys.LESSON["scan"]) != key:
        voxel = default_voxel(reconstruction, segment(reconstruction, config), config.postprocess.signed)
        st.session_state.update({keys.LESSON["scan"]: key, keys.LESSON["voxel"]: voxel, keys.LESSON["slice"]: voxel[0]})


def _show_slice(
    prepared: Prepared, panels: Callable[[int, Cross], list[Panel]], key: str, height: int, columns: int | None = None
) -> None:
    """Pictures of one slice: the wheel goes to others, a click chooses the lesson's voxel.

    Args:
        panels: makes them for a slice of the slab, with the cross where the voxel lies.
    """
    voxel, index = st.session_state[keys.LESSON["voxel"]], int(st.session_state[keys.LESSON["slice"]])
    levels = prepared.slab.levels

    def turn(level: int) -> None:
        st.session_state[keys.LESSON["slice"]] = level - levels[0]

    def choose(click: Click) -> None:
        st.session_state[keys.LESSON["voxel"]] = slice_voxel(prepared, index, click.column, click.row)

    shown = panels(index, voxel_pixel(prepared, voxel) if voxel[0] == index else None)
    show_panels(shown, key, PanelLayout(height, columns, levels[index], levels, tools=False), Listeners(turn, choose))
    marked = " The cross marks the voxel of the lesson." if any(panel.cross for panel in shown) else ""
    st.caption(f"Axial level {levels[index]} of the atlas (mm).{marked}")


def _in_words(voxel: VoxelExplanation, config: DetectConfig) -> str:
    if voxel.step == "outside":
        return "This voxel lies outside the brain mask; whatever its residual, it is not flagged."
    how = "too bright" if voxel.difference > 0 else "too dark"
    counts = "" if voxel.signed == "absolute" or voxel.difference > 0 else ", which the positive residual leaves out"
    return (
        f"The scan shows {voxel.scan:.2f}, the model draws {voxel.reconstruction:.2f}: {how} by "
        f"{abs(voxel.difference):.2f}{counts}. The threshold of {voxel.threshold:.2f} is the "
        f"{config.percentile:g}th percentile of healthy scans. The verdict is not this voxel's alone: next chapter."
    )
