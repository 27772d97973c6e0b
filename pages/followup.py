"""Two dates of one person: the scan of the sidebar is the earlier one, the later one is brought here."""

from dataclasses import replace

import streamlit as st

from pages.ui.followup import results, second
from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.scan_picker import need_scan, pick_scan
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.settings import follow_the_model, median_slider, percentile_slider
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from pages.ui.viewer.display import pick_convention, pick_level
from uad_core.detect.followup import MEDIAN, usual_follow_up
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.change import STATUSES


@st.fragment
def compare(first: SelectedScan, later: SelectedScan, checkpoint: Checkpoint) -> None:
    """The fast part: every control below reruns this function alone."""
    pictures, sliders = st.container(), st.columns(4)
    usual = usual_follow_up(checkpoint)
    follow_the_model(keys.FOLLOW_UP["percentile"], usual.percentile)
    percentile = percentile_slider(sliders[1], keys.FOLLOW_UP["percentile"], usual.percentile)
    median = median_slider(sliders[2], keys.FOLLOW_UP["median"], MEDIAN)
    pick_convention(sliders[3], "collapsed")
    before, after = second.both_reconstructed(first, later, checkpoint)
    config = replace(usual, percentile=percentile, postprocess=replace(usual.postprocess, median_size=median))
    try:
        found = results.compared(before, after, config, second.doubts_of(first, later, before, after))
    except ScanError as error:
        st.error(str(error))
        st.stop()
    level = pick_level(f"{first.key} {later.key}", after, sliders[0], found.dates.mask_of(*STATUSES[:-1]))
    with pictures:
        results.draw_panels(found, level)
    st.markdown(f"**{found.dates.sentence}**")
    results.draw_doubts(found)
    results.draw_table(found)
    results.draw_download(found, first.label)


start_page()
later = second.take_second()
with st.sidebar:
    picked, model = pick_scan(), pick_checkpoint()
    forget_button()
banner()
earlier = need_scan(picked)
second.offer_second(later)
if later is None:
    st.info(
        "The scan chosen on the left is the earlier one. Bring the later scan of the same person here: it is laid over "
        "the earlier one, both are detected with one threshold, and what changed beyond noise is listed."
    )
    second.offer_example()
    st.stop()
compare(earlier, later, model)
