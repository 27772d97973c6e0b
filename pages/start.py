"""The door: what this is in one picture, what it is not for, and three ways in."""

import streamlit as st

from pages.ui.shell.page import banner, start_page
from uad_core.io.paths import DOCS

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
    st.header("What would a healthy brain look like here?", anchor=False)
    st.markdown(
        "A model that has only ever seen healthy brains reconstructs a FLAIR scan. What it does not know it cannot "
        "reconstruct, so what differs between scan and reconstruction is a place to look. No lesion was ever labelled "
        "for it."
    )
    st.image(str(DOCS / "start.png"), width=680)
    st.caption("A bundled, simulated scan through the bundled model; outlined in blue what was put in.")
    for column, (page, name, icon, words) in zip(st.columns(3, gap="medium"), WAYS, strict=True):
        with column.container(border=True, height="stretch"):
            st.page_link(page, label=f"**{name}**", icon=icon)
            st.markdown(words)
    st.markdown(
        "**What it is not for.** It does not diagnose, and an empty mask does not mean a healthy brain: only that no "
        "voxel lies above the threshold you chose. At the 98th percentile two per cent of every healthy brain are "
        "flagged as well. On real infarcts most of these models lose to plain brightness; the pages Evaluate and "
        "Learn show by how much."
    )
    banner()


main()
