"""The series of a DICOM upload: which one was taken and why, and the user's own pick."""

from dataclasses import replace

import streamlit as st

from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.uploader import SCAN, complain
from pages.ui.scan.upload import take_own
from pages.ui.shell import keys
from pages.ui.shell.tasks import kept
from uad_core.io.volume import ScanError
from uad_core.preprocess.from_file import PrepareOptions

SERIES = "series of the upload"


def offer_series(choice: SelectedScan | None) -> None:
    """The series of a DICOM upload, where there are several to pick from or none was taken."""
    undecided: SelectedScan | None = kept().get(keys.UNDECIDED)
    scan = undecided or choice
    if scan is None or not (undecided or len(scan.series) > 1):
        return
    picked = scan.prepare_options.series
    now = next((n for n, one in enumerate(scan.series) if one.number == picked or (one.chosen and not picked)), None)

    def take() -> None:
        entry = st.session_state[SERIES]
        number = None if entry is None else entry.number
        wanted = replace(scan, truth=None, prepare_options=PrepareOptions(series=number))
        st.session_state.pop(keys.COMPLAINT, None)
        try:
            wanted.read()
        except ScanError as error:
            complain(SCAN, error)
            return
        take_own(wanted)

    st.selectbox(
        "Series", scan.series, index=now, key=SERIES, on_change=take, placeholder="Pick the FLAIR",
        format_func=lambda one: f"{one.number}: {one.title}, {one.slices} slices ({one.reason})",
        help="The series of your upload, by their headers. An original FLAIR of the head is taken where it is clear "
        "which one that is.",
    )  # fmt: skip
