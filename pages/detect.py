"""The tuning page: a scan goes in, what the model could not reconstruct comes out, live."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.detect.planes import Head, draw_head, draw_planes
from pages.ui.detect.presets import load_preset, save_preset
from pages.ui.detect.results import agreement, draw_dice_curve, draw_download, draw_lesions, draw_log
from pages.ui.detect.slices import draw_slices
from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.prepared import prepared_scan, reconstructing, reconstruction_of
from pages.ui.inputs.scan import SelectedScan, need_scan, pick_scan, truth_in_slab
from pages.ui.inputs.settings import pick_setting, set_threshold
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from pages.ui.viewer.display import VIEWS, pick_display, pick_level, pick_view
from pages.ui.viewer.histogram import show_histogram
from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.detect.from_file import summary
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.segment import segment


def main() -> None:
    start_page()
    with st.sidebar:
        choice = pick_scan()
        checkpoint = pick_checkpoint()
        load_preset()
        forget_button()
    banner()
    _tune(need_scan(choice), checkpoint)


@st.fragment
def _tune(choice: SelectedScan, checkpoint: Checkpoint) -> None:
    """The fast part: every control below reruns this function alone."""
    bar = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    pictures, sliders = st.container(), st.columns(4)
    view = pick_view(bar[0])
    opacity = pick_display(_more(bar[1], "Display", "contrast", "Convention and opacity of the mask."))
    more = _more(bar[2], "Setting", "tune", "Absolute threshold, residual, erosion, healthy reference.")
    config = pick_setting(checkpoint, sliders[1:], more)
    keep = _more(bar[3], "Save", "bookmark", "This setting as a preset, and as a command line.")
    save_preset(checkpoint, config, choice.prepare_options, keep)
    reconstructing(choice, checkpoint)  # goes on while the reference is read
    truth: Any = truth_in_slab(choice, prepared_scan(choice, checkpoint.slab))
    reconstruction = reconstruction_of(choice, checkpoint)
    level = pick_level(choice.key, reconstruction, sliders[0])
    segmentation = segment(reconstruction, config)
    with pictures:
        if view == VIEWS[0]:
            draw_slices(reconstruction, segmentation, config.postprocess, level, truth, opacity)
        else:
            whole = prepared_scan(choice, WHOLE_BRAIN)
            everywhere = truth_in_slab(choice, whole)
            head = Head(choice.key, whole, reconstruction, segmentation, everywhere, level, opacity)
            (draw_planes if view == VIEWS[1] else draw_head)(head)
    st.markdown(f"**{summary(segmentation)}**")
    if truth is not None:
        st.caption(agreement(segmentation, truth, choice.uploaded))
    chart, table = st.columns([1, 1.15], gap="medium")
    with chart:
        show_histogram(reconstruction, segmentation, config, set_threshold)
    with table:
        draw_lesions(segmentation, reconstruction)
        draw_download(reconstruction, segmentation, config, choice)
    if truth is not None and st.toggle("Dice over percentile", key=keys.DICE, help="With the reference mask."):
        draw_dice_curve(reconstruction, segmentation, config, truth)
    draw_log(reconstruction)


def _more(place: DeltaGenerator, label: str, icon: str, words: str) -> DeltaGenerator:
    return place.popover(label, icon=f":material/{icon}:", width="stretch", help=words)


main()
