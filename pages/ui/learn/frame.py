"""What all chapters of the lesson share: the bar of chapters, the text beside the pictures, model and setting."""

import streamlit as st

from pages.ui.inputs.model import describe, is_whole, load
from pages.ui.inputs.settings import KEEP
from pages.ui.learn.chapters import CHAPTERS, Chapter
from pages.ui.shell import keys
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.pipeline.postprocess import SIGNS, PostprocessConfig, Sign
from uad_core.pipeline.segment import DetectConfig

NAMES = tuple(chapter.name for chapter in CHAPTERS)
PAPER = DetectConfig()


def pick_chapter() -> Chapter:
    """The bar with a step back and a step forward; the chapter stands in the address."""
    back, bar, forward = st.columns([1, 8, 1], vertical_alignment="bottom")
    with bar:
        name = st.segmented_control(
            "Chapter", NAMES, default=NAMES[0], required=True, key=keys.CHAPTER, bind="query-params", width="stretch",
            label_visibility="collapsed", help="Each takes a minute or two.",
        )  # fmt: skip
    number = NAMES.index(str(name))
    back.button(
        "Back", on_click=_go, args=(number - 1,), disabled=number == 0, width="stretch",
        icon=":material/arrow_back:", help="The chapter before.",
    )  # fmt: skip
    forward.button(
        "Next", on_click=_go, args=(number + 1,), disabled=number == len(NAMES) - 1, width="stretch", type="primary",
        help="The next chapter.",
    )  # fmt: skip
    return CHAPTERS[number]


def _go(number: int) -> None:
    st.session_state[keys.CHAPTER] = NAMES[number]


def draw_chapter_text(chapter: Chapter) -> None:
    """Idea and question; answer and lecturer's notes fold out."""
    number = NAMES.index(chapter.name) + 1
    st.caption(f"{number} of {len(NAMES)} · {chapter.minutes} min")
    st.markdown(chapter.idea)
    st.markdown(f":material/touch_app: {chapter.todo}")
    st.info(f"**Ask.** {chapter.question}", icon=":material/help:")
    with st.expander("Answer, and what to take home", icon=":material/home:", key=f"answer {chapter.name}"):
        st.markdown(chapter.answer)
    with st.expander("Lecturer's notes", icon=":material/edit_note:", key=f"notes {chapter.name}"):
        st.markdown(chapter.notes)


def pick_model() -> Checkpoint:
    """The sidebar's picker of the model that the lesson follows: one that reconstructs, and is not slow."""
    names = [name for name in checkpoint_names() if not is_whole(name) and load(name).spec.reconstructs]
    names = [name for name in names if not load(name).spec.searches]
    if not names:
        st.error("There is no checkpoint to teach with. Train one: python -m uad_core train --help")
        st.stop()
    first = names.index(STRONGEST) if STRONGEST in names else 0
    name = st.selectbox(
        "Model", names, first, key=keys.LESSON_MODEL, **KEEP,
        help="Whose reconstruction the lesson follows. Models that reconstruct nothing, or search for seconds a slice, "
        "stand on the pages Detect and Compare.",
    )  # fmt: skip
    checkpoint = load(str(name))
    describe(checkpoint)
    return checkpoint


def pick_sign() -> Sign:
    """The sidebar's choice of the residual."""
    return st.radio(
        "Residual", SIGNS, key=keys.LESSON_SIGNED, **KEEP, horizontal=True,
        help="absolute: |scan - reconstruction|, the paper's; positive: only what is brighter than expected.",
    )  # fmt: skip


def lesson_config(signed: Sign) -> DetectConfig:
    """The paper's setting, but for what was moved in the chapters Median and Threshold."""
    size = st.session_state.get(keys.LESSON_MEDIAN, PAPER.postprocess.median_size)
    percentile = st.session_state.get(keys.LESSON_PERCENTILE, PAPER.percentile)
    return DetectConfig(percentile, postprocess=PostprocessConfig(signed, size))
