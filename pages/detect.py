"""The tuning page: a scan goes in, what the model could not redraw comes out, live."""

from typing import Any

import streamlit as st

from pages.ui.controls import pick_checkpoint, pick_setting
from pages.ui.jobs import jobs, wait_for
from pages.ui.panels import draw_download, draw_histogram, draw_lesions, draw_log, draw_slices
from pages.ui.scans import Choice, pick_scan, truth_in_slab
from pages.ui.state import banner, start_page
from uad_core.detect import prepare_scan, summary
from uad_core.pipeline import Reconstruction, reconstruct, segment


def main() -> None:
    start_page()
    with st.sidebar:
        choice = pick_scan()
        checkpoint = pick_checkpoint()
        if st.button("Forget my scans", help="Drops every scan and result that this server holds in memory."):
            jobs().forget()
    banner()
    if choice is None:
        st.info("Choose a FLAIR head scan (.nii or .nii.gz) on the left. Nothing is sent anywhere.")
        st.stop()
    slab = checkpoint.slab
    prepared = wait_for(
        jobs().start((choice.key, slab), lambda show: prepare_scan(choice.data, slab, choice.wishes, show))
    )
    reconstruction = wait_for(
        jobs().start(
            (choice.key, checkpoint.sha256),
            lambda show: reconstruct(prepared, checkpoint, lambda fraction: show("reconstruct", fraction)),
        )
    )
    _tune(reconstruction, choice, truth_in_slab(choice, prepared))


@st.fragment
def _tune(reconstruction: Reconstruction, choice: Choice, truth: Any) -> None:
    """The fast part: every control below reruns this function alone."""
    pictures = st.container()
    controls, chart, table = st.columns([1, 1.4, 1.4], gap="medium")
    with controls:
        config = pick_setting(reconstruction)
    segmentation = segment(reconstruction, config)
    with pictures:
        draw_slices(reconstruction, segmentation, config, truth)
        st.markdown(summary(segmentation))
    with chart:
        draw_histogram(reconstruction, segmentation, config)
    with table:
        draw_lesions(segmentation, reconstruction)
        draw_download(reconstruction, segmentation, config, choice.label)
    draw_log(reconstruction)


main()
