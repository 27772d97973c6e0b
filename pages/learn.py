"""A guided lesson of ten minutes: what the method does, by overview, one step, then arithmetic; and where it fails."""

import streamlit as st

from pages.ui.inputs.prepared import prepared_scan, reconstruction_of
from pages.ui.inputs.scan import SelectedScan, need_scan, pick_scan, truth_in_slab
from pages.ui.learn.chapters import Chapter
from pages.ui.learn.frame import draw_chapter_text, lesson_config, pick_chapter, pick_model, pick_sign
from pages.ui.learn.latent import draw_latent
from pages.ui.learn.limits import draw_limits
from pages.ui.learn.paint import draw_grey, draw_paint
from pages.ui.learn.sweep_jobs import abandon_all_but
from pages.ui.learn.voxel import draw_idea, draw_median, draw_threshold, draw_voxel
from pages.ui.learn.voxel_picker import choose_first_voxel
from pages.ui.shell.page import banner, start_page
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import Sign

CHAIN = {"Idea": draw_idea, "Voxel": draw_voxel, "Median": draw_median, "Threshold": draw_threshold}


def main() -> None:
    start_page()
    with st.sidebar:
        choice = pick_scan()
        checkpoint = pick_model()
        signed = pick_sign()
    chapter = pick_chapter()
    st.markdown(f"#### {chapter.title}")
    body, words = st.columns([2.6, 1], gap="medium")
    with words:
        draw_chapter_text(chapter)
    with body:
        _draw(chapter, choice, checkpoint, signed)
    banner()


@st.fragment
def _draw(chapter: Chapter, choice: SelectedScan | None, checkpoint: Checkpoint, signed: Sign) -> None:
    """The chapter's own part: its controls rerun this function alone."""
    if chapter.name not in ("Paint", "Mid-grey"):
        abandon_all_but([])
    if chapter.name == "Paint":
        draw_paint(signed)
    elif chapter.name == "Mid-grey":
        draw_grey(signed)
    elif chapter.name == "Limits":
        draw_limits()
    else:
        choice = need_scan(choice)
        if chapter.name == "Latent":
            draw_latent(choice, prepared_scan(choice, checkpoint.slab))
        else:
            reconstruction = reconstruction_of(choice, checkpoint)
            choose_first_voxel(choice.key, reconstruction, lesson_config(signed))
            CHAIN[chapter.name](reconstruction, truth_in_slab(choice, reconstruction.prepared), signed)


main()
