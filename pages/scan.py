"""The scan before a model sees it: bring one, look at it and at each step of its preparation, read what is known."""

import streamlit as st

from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.scan import is_prepared, prepared_scan
from pages.ui.inputs.scan_picker import pick_scan
from pages.ui.inputs.uploader import SCAN, show_complaint
from pages.ui.scan import inspection, naming, upload
from pages.ui.scan.series import offer_series
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
if choice is not None:
    naming.draw_title(choice)
own = choice is not None and choice.uploaded
boxes = st.container()  # one, however they stand: what follows keeps its place
bring, present = boxes.columns(2, gap="medium") if own else (boxes.container(), boxes.container())
with upload.bring_box(bring, choice):
    upload.offer_scan(wide=not own)
    offer_series(choice)
if choice is None:
    show_complaint(SCAN)
    present.info("No scan of yours is loaded. Bring one, or choose a bundled one in the sidebar.")
    st.stop()
with present.expander("How it is prepared", expanded=upload.has_masks(choice), icon=":material/tune:"):
    upload.offer_options(choice)

pictures, (header, lights) = st.empty(), st.columns([1, 1.5], gap="medium")
known = inspection.header_of(choice)
if not is_prepared(choice, WHOLE_BRAIN):
    with pictures.container():
        inspection.draw_raw(known.view)
with header:
    st.markdown("**What its header says**")
    inspection.draw_facts(known)
with lights:
    st.markdown(f"**Suitability checks ({checkpoint.name})**")
    whole = prepared_scan(choice, WHOLE_BRAIN)  # a look at three planes needs more than a slab
    inspection.draw_checks(inspection.checks_of(choice, whole, checkpoint))
with pictures.container():
    inspection.draw_stages(inspection.stages_of(choice, whole), choice.key)
