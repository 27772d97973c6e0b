"""What all chapters of the lesson share: the bar of chapters, the text beside the pictures, model and setting."""

import tomllib
from pathlib import Path

import streamlit as st

from pages.ui.inputs.model import describe, is_whole, load
from pages.ui.inputs.settings import KEEP, PAPER
from pages.ui.shell import keys
from uad_core.models import COMPARED
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.pipeline.postprocess import SIGNS, PostprocessConfig, Sign
from uad_core.pipeline.segment import DetectConfig

LESSON = tomllib.loads((Path(__file__).parent / "lesson.toml").read_text())
CHAPTERS: dict[str, dict[str, str]] = {chapter["name"]: chapter for chapter in LESSON["chapters"]}
NAMES = list(CHAPTERS)


def pick_chapter() -> dict[str, str]:
    """The bar with a step back and a step forward; the chapter stands in the address."""
    back, bar, forward = st.columns([1, 8, 1], vertical_alignment="bottom")
    name = bar.segmented_control(
        "Chapter", NAMES, default=NAMES[0], required=True, key=keys.CHAPTER, bind="query-params", width="stretch",
        label_visibility="collapsed", help="Each takes a minute or two.",
    )  # fmt: skip
    number = NAMES.index(str(name))

    def go(to: int) -> None:
        st.session_state[keys.CHAPTER] = NAMES[to]

    back.button(
        "Back", on_click=go, args=(number - 1,), disabled=number == 0, width="stretch",
        icon=":material/arrow_back:", help="The chapter before.",
    )  # fmt: skip
    forward.button(
        "Next", on_click=go, args=(number + 1,), disabled=number == len(NAMES) - 1, width="stretch", type="primary",
        help="The next chapter.",
    )  # fmt: skip
    return CHAPTERS[NAMES[number]]


def draw_chapter_text(chapter: dict[str, str]) -> None:
    """Idea and question; answer and lecturer's notes fold out."""
    name = chapter["name"]
    st.caption(f"{NAMES.index(name) + 1} of {len(NAMES)} · {chapter['minutes']} min")
    st.markdown(chapter["idea"])
    st.markdown(f":material/touch_app: {chapter['todo']}")
    st.info(f"**Ask.** {chapter['question']}", icon=":material/help:")
    with st.expander("Answer, and what to take home", icon=":material/home:", key=f"answer {name}"):
        st.markdown(chapter["answer"])
    with st.expander("Lecturer's notes", icon=":material/edit_note:", key=f"notes {name}"):
        st.markdown(chapter["notes"])


def pick_model() -> Checkpoint:
    """The sidebar's picker of the model that the lesson follows: one that reconstructs, and is not slow."""
    names = [name for name in quick_models() if load(name).spec.reconstructs and not load(name).model.scores]
    if not names:
        st.error("There is no checkpoint to teach with. Train one: python -m uad_core train --help")
        st.stop()
    usual = next((name for name in COMPARED if name in names), names[0])
    name = st.selectbox(
        "Model", names, names.index(usual), key=keys.LESSON["model"], **KEEP,
        help="Whose reconstruction the lesson follows. Models that reconstruct nothing, or search for seconds a slice, "
        "stand on the pages Detect and Compare.",
    )  # fmt: skip
    checkpoint = load(str(name))
    describe(checkpoint)
    return checkpoint


def quick_models() -> list[str]:
    """Checkpoints for the paper's levels that do not search for seconds a slice."""
    return [name for name in checkpoint_names() if not is_whole(name) and not load(name).spec.searches]


def pick_sign(checkpoint: Checkpoint) -> Sign:
    """The sidebar's choice of the residual; at first the one that suits the model."""
    return st.radio(
        "Residual", SIGNS, SIGNS.index(checkpoint.spec.signed), key=keys.LESSON["signed"], **KEEP, horizontal=True,
        help="absolute: |scan - reconstruction|, the paper's; positive: only what is brighter than expected.",
    )  # fmt: skip


def lesson_config(signed: Sign) -> DetectConfig:
    """The paper's setting, but for what was moved in the chapters Median and Threshold."""
    size = st.session_state.get(keys.LESSON["median"], PAPER.postprocess.median_size)
    percentile = st.session_state.get(keys.LESSON["percentile"], PAPER.percentile)
    return DetectConfig(percentile, postprocess=PostprocessConfig(signed, size))
