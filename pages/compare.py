"""Several models on one scan: the same slice, residuals and segmentations side by side, one setting or each its own."""

import streamlit as st

from pages.ui.compare import panels
from pages.ui.inputs.model import pick_checkpoints
from pages.ui.inputs.scan import lights_on, reconstruction_of, truth_in_slab
from pages.ui.inputs.scan_picker import need_scan, pick_scan
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.settings import PAPER, median_slider, offer_reset, percentile_slider, size_slider
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from pages.ui.viewer.display import pick_convention, pick_level
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.segment import segment


@st.fragment
def compare(choice: SelectedScan, checkpoints: list[Checkpoint]) -> None:
    """The fast part: every control below reruns this function alone."""
    pictures, own, sliders = st.container(), st.container(), st.columns(4)
    apart, back, display = st.columns([1, 1.1, 1.2], vertical_alignment="center")
    separate = apart.toggle(
        "Separate settings per model", True, key=keys.APART, bind="query-params",
        help="A percentile and a median for each model, at first those that suit it, in place of the shared ones.",
    )  # fmt: skip
    shared = (percentile_slider(sliders[1], disabled=separate), median_slider(sliders[2], disabled=separate),
              size_slider(sliders[3]))  # fmt: skip
    paper = (PAPER.percentile, PAPER.postprocess.median_size)
    own_ones = {key: value for one in checkpoints for key, value in zip(panels.own_keys(one), paper, strict=True)}
    offer_reset(back, own_ones)
    pick_convention(display, "collapsed")
    if separate:
        with own:
            settings = panels.own_settings(checkpoints, shared[-1])
    else:
        settings = [panels.setting_for(checkpoint, *shared) for checkpoint in checkpoints]
    reconstructions = [reconstruction_of(choice, checkpoint) for checkpoint in checkpoints]
    truth = truth_in_slab(choice, reconstructions[0].prepared)
    level = pick_level(choice.key, reconstructions[0], sliders[0], truth)
    compared = [panels.Compared(one, segment(one, config), config, lights_on(choice, one))
                for one, config in zip(reconstructions, settings, strict=True)]  # fmt: skip
    with pictures:
        panels.draw_models(compared, level, truth)
        panels.draw_sentences(compared)
    if truth is not None:
        outlined = "your reference mask" if choice.uploaded else "the lesions that were simulated"
        st.caption(f"Outlined in blue: {outlined}.")
    agreement, chart, table = st.columns([0.7, 1.3, 2.0], gap="medium")
    with agreement:
        panels.draw_agreement(compared, level)
    with chart:
        panels.draw_histograms(compared)
    with table:
        panels.draw_table(compared, truth)


start_page()
with st.sidebar:
    scan, models = pick_scan(), pick_checkpoints()
    forget_button()
banner()
scan = need_scan(scan)
if len(models) < 2:
    st.info("Choose two to six models on the left.")
    st.stop()
compare(scan, models)
