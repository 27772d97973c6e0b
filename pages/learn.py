"""A guided lesson of ten minutes: what the method does, by overview, one step, then arithmetic; and where it fails."""

import streamlit as st

from pages.ui.inputs.scan import prepared_scan, reconstruction_of, truth_in_slab
from pages.ui.inputs.scan_picker import need_scan, pick_scan
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.learn import voxel
from pages.ui.learn.frame import draw_chapter_text, lesson_config, pick_chapter, pick_model, pick_sign
from pages.ui.learn.latent import draw_latent
from pages.ui.learn.limits import draw_limits
from pages.ui.learn.paint import draw_grey, draw_paint
from pages.ui.learn.sweep_jobs import abandon_all_but
from pages.ui.shell.page import banner, start_page
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import Sign

PAINTED = {"Paint": draw_paint, "Mid-grey": draw_grey}
CHAIN = {"Idea": voxel.draw_idea, "Voxel": voxel.draw_voxel, "Median": voxel.draw_median,
         "Threshold": voxel.draw_threshold}  # fmt: skip


@st.fragment
def draw(name: str, choice: SelectedScan | None, checkpoint: Checkpoint, signed: Sign) -> None:
    """The chapter's own part: its controls rerun this function alone."""
    if name in PAINTED:
        PAINTED[name](signed)
        return
    abandon_all_but([])
    if name == "Limits":
        draw_limits()
        return
    choice = need_scan(choice)
    if name == "Latent":
        draw_latent(choice, prepared_scan(choice, checkpoint.slab))
        return
    reconstruction = reconstruction_of(choice, checkpoint)
    voxel.choose_first_voxel(choice.key, reconstruction, lesson_config(signed))
    CHAIN[name](reconstruction, truth_in_slab(choice, reconstruction.prepared), signed)


start_page()
with st.sidebar:
    scan, model = pick_scan(), pick_model()
    sign = pick_sign(model)
chapter = pick_chapter()
st.markdown(f"#### {chapter['title']}")
body, words = st.columns([2.6, 1], gap="medium")
with words:
    draw_chapter_text(chapter)
with body:
    draw(chapter["name"], scan, model, sign)
banner()
