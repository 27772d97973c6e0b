"""The tuning page: a scan goes in, what the model could not reconstruct comes out, live."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.detect import editing, results
from pages.ui.detect.pictures import VIEWS, Finding
from pages.ui.detect.presets import load_preset, save_preset
from pages.ui.detect.sensitivity import offer_sensitivity, with_sensitivity
from pages.ui.inputs import scan
from pages.ui.inputs.model import pick_checkpoint
from pages.ui.inputs.scan_picker import need_scan, pick_scan
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.settings import pick_setting, set_threshold
from pages.ui.shell import keys
from pages.ui.shell.page import banner, forget_button, start_page
from pages.ui.viewer.charts import show_histogram
from pages.ui.viewer.display import pick_display, pick_level
from uad_core.detect.from_file import summary
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.segment import segment


@st.fragment
def tune(choice: SelectedScan, checkpoint: Checkpoint) -> None:
    """The fast part: every control below reruns this function alone."""
    bar = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    pictures, sliders = st.container(), st.columns(4)
    view = bar[0].segmented_control(
        "View", VIEWS, default="Slice", required=True, key=keys.VIEW, bind="query-params", label_visibility="collapsed",
        help="Slice: scan, reconstruction, residual and segmentation of one axial level. Three planes: the "
        "segmentation through one point. 3-D: NiiVue, in your graphics card.",
    )  # fmt: skip
    opacity = pick_display(more(bar[1], "Display", "contrast", "Convention and opacity of the mask."))
    setting = more(bar[2], "Setting", "tune", "Absolute threshold, residual, erosion, healthy reference.")
    config = pick_setting(checkpoint, sliders[1:], setting)
    keep = more(bar[3], "Save", "bookmark", "This setting as a preset, and as a command line.")
    save_preset(checkpoint, config, choice.prepare_options, keep)
    scan.reconstructing(choice, checkpoint)  # goes on while the reference is read
    marks = scan.marks_in_slab(choice, scan.prepared_scan(choice, checkpoint.slab))
    truth = marks.inside if marks else None
    reconstruction = scan.reconstruction_of(choice, checkpoint)
    lights = scan.lights_on(choice, reconstruction)
    level = pick_level(choice.key, reconstruction, sliders[0], truth)
    try:
        detected = segment(reconstruction, config)
    except ScanError as error:
        st.error(str(error))
        st.stop()
    segmentation = editing.corrected(choice, reconstruction, detected)
    found = Finding(choice, reconstruction, segmentation, detected, config, truth, lights, level, opacity)
    with pictures:
        VIEWS[str(view)](found)
    st.markdown(f"**{summary(segmentation)}**")
    if marks:
        st.caption(results.agreement(segmentation, marks, choice.uploaded))
    chart, table = st.columns([1, 1.6], gap="medium")
    with chart:
        show_histogram(reconstruction, segmentation, config, set_threshold)
    with table:
        results.draw_lesions(segmentation, reconstruction)
        editing.offer_row_tools(choice, reconstruction, segmentation)
        results.draw_download(with_sensitivity(found))
    if marks and st.toggle("Dice over percentile", key="dice", help="With the reference mask."):
        results.draw_dice_curve(found, marks)
    results.draw_log(reconstruction, lights)
    offer_sensitivity(found)


def more(place: DeltaGenerator, label: str, icon: str, words: str) -> DeltaGenerator:
    """What folds out of the bar."""
    return place.popover(label, icon=f":material/{icon}:", width="stretch", help=words)


start_page()
with st.sidebar:
    picked, model = pick_scan(), pick_checkpoint()
    load_preset()
    forget_button()
banner()
tune(need_scan(picked), model)
