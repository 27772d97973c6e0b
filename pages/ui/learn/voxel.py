"""The chapters on the chain itself: the four pictures, one voxel's arithmetic, the median, the threshold."""

from typing import Any

import streamlit as st

from pages.ui.inputs.settings import median_slider, percentile_slider
from pages.ui.learn.charts import draw_healthy, draw_neighbours
from pages.ui.learn.frame import lesson_config
from pages.ui.learn.voxel_picker import Cross, lesson_voxel, show_slice
from pages.ui.shell import keys
from pages.ui.viewer.viewer import Panel
from uad_core.pipeline.postprocess import PostprocessConfig, Sign
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.render.overlays import grey_png
from uad_core.render.slices import residual_picture
from uad_core.render.views import Overlay, slice_views
from uad_core.teaching import VoxelExplanation, arithmetic, explain

LARGE = r"\LARGE "  # to be read from the last row


def draw_idea(reconstruction: Reconstruction, truth: Any, signed: Sign) -> None:
    """Scan, reconstruction, residual and mask."""
    config = lesson_config(signed)
    segmentation = segment(reconstruction, config)

    def panels(index: int, cross: Cross) -> list[Panel]:
        views = slice_views(reconstruction, index, Overlay(segmentation.mask, truth), config.postprocess)
        return [
            Panel(views.scan, "Scan"),
            Panel(views.reconstruction, "Reconstruction"),
            Panel(views.residual, f"Residual, median {config.postprocess.median_size}", windowed=False),
            Panel(views.scan, "Segmentation", views.mask),
        ]

    show_slice(reconstruction.prepared, panels, "idea", columns=2, max_height=225)


def draw_voxel(reconstruction: Reconstruction, truth: Any, signed: Sign) -> None:
    """|scan - reconstruction| with the voxel's own numbers."""
    config = lesson_config(signed)
    voxel = explain(reconstruction, config, lesson_voxel())
    st.latex(rf"{LARGE}{arithmetic(voxel)}")
    st.markdown(_in_words(voxel, config))

    def panels(index: int, cross: Cross) -> list[Panel]:
        views = slice_views(reconstruction, index, Overlay(truth=truth))
        return [
            Panel(views.scan, "Scan", views.mask, cross=cross),
            Panel(views.reconstruction, "Reconstruction", cross=cross),
        ]

    show_slice(reconstruction.prepared, panels, "voxel", max_height=295)


def draw_median(reconstruction: Reconstruction, truth: Any, signed: Sign) -> None:
    """The neighbours in order, their middle marked; the residual before and after."""
    pictures, chart = st.columns([1, 1.2], gap="medium")
    median_slider(chart, keys.LESSON_MEDIAN, persist_state="session")
    config = lesson_config(signed)
    voxel = explain(reconstruction, config, lesson_voxel())
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
        show_slice(reconstruction.prepared, panels, "median", columns=1, max_height=195)
    with chart:
        draw_neighbours(voxel)
        st.markdown(
            f"Residual {voxel.residual:.2f}; median of its {voxel.neighbours.size} neighbours **{voxel.median:.2f}**. "
            f"{voxel.verdict}"
        )


def draw_threshold(reconstruction: Reconstruction, truth: Any, signed: Sign) -> None:
    """Where the voxel falls among healthy ones, and what the threshold flags."""
    pictures, chart = st.columns([1, 1.2], gap="medium")
    percentile_slider(chart, keys.LESSON_PERCENTILE, persist_state="session")
    config = lesson_config(signed)
    segmentation = segment(reconstruction, config)
    voxel = explain(reconstruction, config, lesson_voxel())

    def panels(index: int, cross: Cross) -> list[Panel]:
        views = slice_views(reconstruction, index, Overlay(segmentation.mask, truth))
        return [Panel(views.scan, "Above the threshold", views.mask, cross=cross)]

    with pictures:
        show_slice(reconstruction.prepared, panels, "threshold", max_height=400)
    with chart:
        draw_healthy(reconstruction, segmentation, config, voxel)
        st.markdown(
            f"Flagged here: **{segmentation.flagged_ml:.1f} ml**. The same threshold flags about "
            f"{segmentation.healthy_ml:.1f} ml in a healthy brain of this size. The voxel's median of "
            f"{voxel.median:.3f} exceeds "
            f"{_share(voxel.percentile)} healthy voxels. {voxel.verdict}"
        )


def _share(percentile: float) -> str:
    """Rounded down: 99.97 % are not all."""
    return "all" if percentile >= 100 else f"{int(10 * percentile) / 10:.1f} % of the"


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
