"""One axial level in four views."""

from typing import Any

from pages.ui.viewer.display import go_to, to_level
from pages.ui.viewer.viewer import Click, Panel, PanelLayout, show_panels
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation
from uad_core.render.views import Overlay, slice_views, slice_voxel


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
    views = slice_views(reconstruction, index, Overlay(segmentation.mask, truth, opacity), config)
    residual = "Residual" if reconstruction.checkpoint.spec.reconstructs else "The model's score"
    panels = [
        Panel(views.scan, "Scan"),
        Panel(views.reconstruction, "Reconstruction"),
        Panel(views.residual, f"{residual}, median {config.median_size}", windowed=False),
        Panel(views.scan, "Segmentation", views.mask),
    ]
    if not reconstruction.checkpoint.spec.reconstructs:
        del panels[1]  # its reconstruction is no picture to look at

    def go(click: Click) -> None:
        go_to(reconstruction, slice_voxel(reconstruction.prepared, index, click.column, click.row))

    layout = PanelLayout(250, level=level, levels=reconstruction.prepared.slab.levels)
    show_panels(panels, "slices", layout, on_level=to_level, on_click=go)
