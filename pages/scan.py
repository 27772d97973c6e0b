"""The scan before a model sees it: bring one, read what is known about it, look at every step of its preparation."""

import streamlit as st

from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.scan import OWN, pick_scan, prepared_scan
from pages.ui.scan import inspection, upload
from pages.ui.scan.series import offer_series
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from uad_core.atlas.space import WHOLE_BRAIN

start_page()
upload.take_scan()
with st.sidebar:
    choice, checkpoint = pick_scan(), pick_checkpoint()
    forget_button()
banner()
if choice is not None:
    choice = upload.take_masks(choice)
scan, options = st.columns(2, gap="medium")
with scan.container(border=True, height="stretch"):
    st.markdown("**Bring your own scan**")
    upload.offer_scan()
    offer_series(choice)
with options.container(border=True, height="stretch"):
    st.markdown("**How it is prepared**")
    if choice is None:
        st.info("No scan of yours is loaded. Bring one, or choose a bundled one in the sidebar.")
        st.stop()
    upload.offer_options(choice)

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
    inspection.draw_facts(*inspection.facts_of(choice))
with lights:
    st.markdown(f"**Suitability checks ({checkpoint.name})**")
    whole = prepared_scan(choice, WHOLE_BRAIN)  # a look at three planes needs more than a slab
    inspection.draw_checks(inspection.checks_of(choice, whole, checkpoint))
inspection.draw_stages(inspection.stages_of(choice, whole))
