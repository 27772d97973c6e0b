"""The door: what this is in one live picture, what it is not for, and three ways in."""

import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.inputs.scan import reconstruction_of, truth_in_slab
from pages.ui.inputs.selected_scan import FIRST, bundled
from pages.ui.shell import keys
from pages.ui.shell.page import banner, start_page
from pages.ui.viewer.display import pick_level, slice_panels, to_level
from pages.ui.viewer.viewer import Listeners, PanelLayout, show_panels
from uad_core.detect.presets import usual_config
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import checkpoint_names
from uad_core.pipeline.segment import segment
from uad_core.render.views import Overlay

WAYS = (
    ("pages/detect.py", "Try a bundled scan", ":material/play_circle:", "A simulated brain with lesions of known "
     "place and size. Move the threshold, see what is flagged and what is missed."),
    ("pages/scan.py", "Bring your own scan", ":material/upload_file:", "A FLAIR head scan as NIfTI or DICOM. It is "
     "checked, prepared step by step, and never leaves this machine."),
    ("pages/learn.py", "Learn how it works", ":material/school:", "Ten minutes: one voxel's arithmetic, a lesion "
     "that you paint yourself, and where the method fails."),
)  # fmt: skip


def main() -> None:
    start_page()
    st.header("Brain MRI anomaly segmentation", anchor=False)
    words, picture = st.columns([1, 1.35], gap="large")
    with words:
        st.markdown(
            "**What would a healthy brain look like here?** A model that has only ever seen healthy brains looks at a "
            "FLAIR scan. What it does not know stands out, and is a place to look. No lesion was ever labelled for it."
        )
        for page, name, icon, what in WAYS:
            with st.container(border=True):
                st.page_link(page, label=f"**{name}**", icon=icon)
                st.markdown(what)
    st.markdown(
        "**What it is not for.** It does not diagnose, and an empty mask does not mean a healthy brain: only that no "
        "voxel lies above the threshold you chose. At the 98th percentile two per cent of every healthy brain are "
        "flagged as well. On real infarcts most of these models lose to plain brightness; the pages Evaluate and "
        "Learn show by how much."
    )
    banner()
    with picture:
        show_example()


@st.fragment
def show_example() -> None:
    """A bundled scan through the strongest model, live: wheel and keys turn its slices."""
    names = checkpoint_names()
    if not names:
        st.info("There is no checkpoint yet. Train one: python -m uad_core train --help")
        return
    choice, checkpoint = bundled(FIRST), load(STRONGEST if STRONGEST in names else names[0])
    above, below = st.container(), st.container()
    with above:
        reconstruction = reconstruction_of(choice, checkpoint)
    config = usual_config(checkpoint)
    truth, slab = truth_in_slab(choice, reconstruction.prepared), reconstruction.prepared.slab
    with below:
        level = pick_level(choice.key, reconstruction, st.container(), truth)
    overlay = Overlay(segment(reconstruction, config).mask, truth, st.session_state.get(keys.OPACITY, 0.55))
    panels = slice_panels(reconstruction, level - slab.first, overlay, config.postprocess)
    with above:
        show_panels([panels[0], panels[-1]], "start", PanelLayout(330, None, level, slab.levels), Listeners(to_level))
        st.caption(f"A bundled, simulated scan and what {checkpoint.name} flags in it; in blue what was put in.")


main()
