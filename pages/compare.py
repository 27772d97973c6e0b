"""Several models on one scan: the same slice, the same setting, residuals and segmentations side by side."""

from typing import Any

import streamlit as st

from pages.ui.comparison import draw_agreement, draw_histograms, draw_models, draw_table, setting_for
from pages.ui.controls import keep_setting, pick_checkpoints, shared_sliders
from pages.ui.panels import pick_level
from pages.ui.scans import pick_scan, truth_in_slab
from pages.ui.state import banner, start_page
from pages.ui.work import prepared_scan, reconstruction_of
from uad_core.pipeline import Reconstruction, segment


def main() -> None:
    start_page()
    keep_setting()
    with st.sidebar:
        choice = pick_scan()
        checkpoints = pick_checkpoints()
    banner()
    if choice is None:
        st.info("Choose a FLAIR head scan (.nii or .nii.gz) on the left. Nothing is sent anywhere.")
        st.stop()
    if len(checkpoints) < 2:
        st.info("Choose two to six models on the left.")
        st.stop()
    prepared = prepared_scan(choice, checkpoints[0].slab)
    reconstructions = [reconstruction_of(choice, prepared, checkpoint) for checkpoint in checkpoints]
    _compare(reconstructions, truth_in_slab(choice, prepared))


@st.fragment
def _compare(reconstructions: list[Reconstruction], truth: Any) -> None:
    """The fast part: every control below reruns this function alone."""
    sliders = st.columns(4)
    level = pick_level(reconstructions[0], sliders[0])
    percentile, size, smallest = shared_sliders(sliders[1:])
    settings = [setting_for(one.checkpoint, percentile, size, smallest) for one in reconstructions]
    results = [segment(one, setting) for one, setting in zip(reconstructions, settings, strict=True)]
    draw_models(reconstructions, results, settings, level, truth)
    map_place, chart, table = st.columns([0.8, 1.6, 1.6], gap="medium")
    with map_place:
        draw_agreement(reconstructions, results, level)
    with chart:
        draw_histograms(reconstructions, results, settings)
    with table:
        draw_table(reconstructions, results, truth)


main()
