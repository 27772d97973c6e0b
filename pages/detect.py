"""The tuning page: a scan goes in, what the model could not redraw comes out, live."""

from typing import Any

import streamlit as st

from pages.ui.controls import keep_setting, pick_checkpoint, pick_setting
from pages.ui.jobs import jobs
from pages.ui.panels import (
    agreement,
    draw_download,
    draw_histogram,
    draw_lesions,
    draw_log,
    draw_slices,
    pick_level,
)
from pages.ui.scans import Choice, pick_scan, truth_in_slab
from pages.ui.state import banner, start_page
from pages.ui.work import prepared_scan, reconstruction_of
from uad_core.detect import summary
from uad_core.pipeline import Reconstruction, segment


def main() -> None:
    start_page()
    keep_setting()
    with st.sidebar:
        choice = pick_scan()
        checkpoint = pick_checkpoint()
        if st.button("Forget my scans", help="Drops every scan and result that this server holds in memory."):
            jobs().forget()
    banner()
    if choice is None:
        st.info("Choose a FLAIR head scan (.nii or .nii.gz) on the left. Nothing is sent anywhere.")
        st.stop()
    prepared = prepared_scan(choice, checkpoint.slab)
    reconstruction = reconstruction_of(choice, prepared, checkpoint)
    _tune(reconstruction, choice, truth_in_slab(choice, prepared))


@st.fragment
def _tune(reconstruction: Reconstruction, choice: Choice, truth: Any) -> None:
    """The fast part: every control below reruns this function alone."""
    pictures, sliders = st.columns(4), st.columns(4)
    sentence = st.container()
    chart, table, more = st.columns([1.3, 1.4, 0.9], gap="medium")
    level = pick_level(reconstruction, sliders[0])
    config = pick_setting(reconstruction, sliders[1:], more)
    segmentation = segment(reconstruction, config)
    draw_slices(pictures, reconstruction, segmentation, config.postprocess, level, truth)
    sentence.markdown(f"**{summary(segmentation)}**")
    with chart:
        draw_histogram(reconstruction, segmentation, config)
    with table:
        draw_lesions(segmentation, reconstruction)
        draw_download(reconstruction, segmentation, config, choice.label)
    draw_log(reconstruction)
    if truth is not None:
        sentence.caption(agreement(segmentation, truth))


main()
