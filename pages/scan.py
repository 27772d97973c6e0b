"""The scan before a model sees it: bring one, read what is known about it, look at every step of its preparation."""

import streamlit as st

from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.scan import OWN, SelectedScan, pick_scan
from pages.ui.scan.checks import checks_of, draw_checks, draw_facts, facts_of, stages_of, whole_scan
from pages.ui.scan.steps import draw_stages
from pages.ui.scan.upload import offer_options, offer_scan, take_masks, take_scan
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from uad_core.models.checkpoint import Checkpoint


def main() -> None:
    start_page()
    take_scan()
    with st.sidebar:
        choice = pick_scan()
        checkpoint = pick_checkpoint()
        forget_button()
    banner()
    if choice is not None:
        choice = take_masks(choice)
    scan, options = st.columns(2, gap="medium")
    with scan.container(border=True, height="stretch"):
        st.markdown("**Bring your own scan**")
        offer_scan()
    with options.container(border=True, height="stretch"):
        st.markdown("**How it is prepared**")
        if choice is None:
            st.info("No scan of yours is loaded. Bring one, or choose a bundled one in the sidebar.")
            st.stop()
        offer_options(choice)
    _show(choice, checkpoint)


def _show(choice: SelectedScan, checkpoint: Checkpoint) -> None:
    title, button = st.columns([3, 1], vertical_alignment="bottom")
    title.subheader(OWN if choice.uploaded else f"{st.session_state[keys.SCAN]}, simulated", anchor=False)
    with button.container(border=True):  # a link, as `st.switch_page` refuses where an address is bound to a widget
        st.page_link(
            "pages/detect.py", label=":primary[**Detect on this scan**]", icon=":material/neurology:",
            query_params={"scan": st.session_state[keys.SCAN]},
        )  # fmt: skip
    header, lights = st.columns([1, 1.5], gap="medium")
    with header:
        st.markdown("**What its header says**")
        draw_facts(*facts_of(choice.key, choice))
    with lights:
        st.markdown(f"**Suitability checks ({checkpoint.name})**")
        whole = whole_scan(choice)
        draw_checks(checks_of(choice, whole, checkpoint))
    draw_stages(stages_of(choice, whole))


main()
