"""Several models on one scan: the same slice, residuals and segmentations side by side, one setting or each its own."""

from typing import Any

import streamlit as st

from pages.ui.compare.panels import (
    draw_agreement,
    draw_histograms,
    draw_models,
    draw_table,
    own_keys,
    own_settings,
    setting_for,
)
from pages.ui.inputs.model import pick_checkpoints
from pages.ui.inputs.prepared import reconstruction_of
from pages.ui.inputs.scan import SelectedScan, need_scan, pick_scan, truth_in_slab
from pages.ui.inputs.settings import PAPER, offer_reset, shared_sliders
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from pages.ui.viewer.display import pick_convention, pick_level
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.segment import segment


def main() -> None:
    start_page()
    with st.sidebar:
        choice = pick_scan()
        checkpoints = pick_checkpoints()
        forget_button()
    banner()
    choice = need_scan(choice)
    if len(checkpoints) < 2:
        st.info("Choose two to six models on the left.")
        st.stop()
    _compare(choice, checkpoints)


@st.fragment
def _compare(choice: SelectedScan, checkpoints: list[Checkpoint]) -> None:
    """The fast part: every control below reruns this function alone."""
    pictures, sliders = st.container(), st.columns(4)
    setting = shared_sliders(sliders[1:])
    settings = [setting_for(checkpoint, *setting) for checkpoint in checkpoints]
    apart, back, display = st.columns([1, 1.1, 1.2], vertical_alignment="center")
    paper = (PAPER.percentile, PAPER.postprocess.median_size)
    own_ones = {key: value for one in checkpoints for key, value in zip(own_keys(one), paper, strict=True)}
    offer_reset(back, own_ones)
    pick_convention(display, "collapsed")
    if apart.toggle(
        "Separate settings per model", key=keys.APART, bind="query-params",
        help="A percentile and a median for each model, in place of the shared ones.",
    ):  # fmt: skip
        settings = own_settings(checkpoints, settings[0])
    reconstructions = [reconstruction_of(choice, checkpoint) for checkpoint in checkpoints]
    truth: Any = truth_in_slab(choice, reconstructions[0].prepared)
    level = pick_level(choice.key, reconstructions[0], sliders[0])
    results = [segment(one, setting) for one, setting in zip(reconstructions, settings, strict=True)]
    with pictures:
        draw_models(reconstructions, results, settings, level, truth)
    if truth is not None:
        st.caption(
            f"Outlined in blue: {'your reference mask' if choice.uploaded else 'the lesions that were simulated'}."
        )
    map_place, chart, table = st.columns([0.7, 1.3, 2.0], gap="medium")
    with map_place:
        draw_agreement(reconstructions, results, level)
    with chart:
        draw_histograms(reconstructions, results, settings)
    with table:
        draw_table(reconstructions, results, truth)


main()
