"""The later scan: brought here, kept for this browser, and prepared in the frame of the earlier one."""

from dataclasses import replace

import streamlit as st

from pages.ui.inputs.own_scans import as_scan, own_scans
from pages.ui.inputs.scan import SECONDS_A_LEVEL, prepared_scan
from pages.ui.inputs.scan_picker import show_own
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.uploader import complain, show_complaint, uploaded, uploader_key
from pages.ui.shell import keys
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.jobs import jobs
from pages.ui.shell.sizes import held_bytes
from pages.ui.shell.tasks import begin, kept, wait_for
from uad_core.atlas.space import WHOLE_BRAIN, Slab
from uad_core.detect.followup_doubts import date_doubts
from uad_core.io.paths import TWO_DATES
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared, crop_levels
from uad_core.preprocess.second_scan import prepare_second

SECOND = "later scan"  # the uploader
SECONDS = 30.0  # of its preparation, at first
SIMULATED = "Both scans are simulated, and no person's."
TITLES = ("example, earlier date, simulated", "example, later date, simulated")


def take_second() -> SelectedScan | None:
    """The later scan, the one that was just uploaded or the one kept; None where there is none."""
    if files := uploaded(SECOND):
        later = as_scan([file.name for file in files], [file.getvalue() for file in files])
        try:
            jobs().make_room(held_bytes(later.source))
            with st.spinner("Reading the scan"):
                later.read()
            kept()[keys.SECOND] = later
        except (ServerFull, ScanError) as error:
            complain(SECOND, error)
    later_scan: SelectedScan | None = kept().get(keys.SECOND)
    return later_scan


def offer_second(later: SelectedScan | None) -> None:
    """The uploader."""

    def remove() -> None:
        if old := kept().pop(keys.SECOND, None):
            old.forget()

    if later is not None:
        st.markdown(f"The later scan: **{later.heading}**")
        st.button("Bring another later scan", on_click=remove, icon=":material/close:", help="Drops the one compared.")
        return
    st.file_uploader(
        "The later scan: a NIfTI file, an archive of a DICOM series, or all its files", accept_multiple_files=True,
        key=uploader_key(SECOND), help="A FLAIR of the same person: .nii.gz, .nii, .mgz, .nrrd, DICOM, zip, tar.gz.",
    )  # fmt: skip
    show_complaint(SECOND)


def offer_example() -> None:
    """Two dates that ship with the project, in one click: for who has no second scan at hand."""
    st.button(
        "Try the bundled example", on_click=_bring_example, icon=":material/play_arrow:",
        help="Two simulated dates of one patient: three lesions are new, and one may have grown.",
    )  # fmt: skip


def _bring_example() -> None:
    earlier, later = (
        replace(as_scan([path.name], [path.read_bytes()]), title=title, label=f"example{number}")
        for number, (path, title) in enumerate(zip(TWO_DATES, TITLES, strict=True), 1)
    )
    try:
        jobs().make_room(held_bytes(earlier.source) + held_bytes(later.source))
    except ServerFull as full:
        complain(SECOND, full)
        return
    show_own(own_scans().add(earlier))
    kept()[keys.SECOND] = later


def both_reconstructed(
    first: SelectedScan, later: SelectedScan, checkpoint: Checkpoint
) -> tuple[Reconstruction, Reconstruction]:
    """What the model makes of both dates, on one grid; shows progress until it is there."""
    whole = prepared_scan(first, WHOLE_BRAIN)
    second = _prepared_later(first, later, whole, checkpoint.slab)
    before, after = (
        wait_for(begin((name, first.key, later.key, checkpoint.identity), _reconstruction(prepared, checkpoint)))
        for name, prepared in (("earlier date", whole), ("later date", second))
    )
    return before, after


def doubts_of(
    first: SelectedScan, later: SelectedScan, before: Reconstruction, after: Reconstruction
) -> tuple[str, ...]:
    """What speaks against either scan alone; measured once, whatever the sliders do."""
    key = ("doubts", first.key, later.key, before.checkpoint.identity)
    found = wait_for(begin(key, Work(lambda on_progress: date_doubts(before, after), "checks", 2.0)))
    return (SIMULATED, *found) if later.title == TITLES[1] else found


def _prepared_later(first: SelectedScan, later: SelectedScan, whole: Prepared, slab: Slab) -> Prepared:
    if not later.source:  # forgotten in another tab
        st.rerun()
    source, options = later, later.prepare_options

    def work(on_progress: OnProgress) -> Prepared:
        return prepare_second(source.read(), whole, slab, options, on_progress)

    return wait_for(begin(("later scan", first.key, later.key, slab), Work(work, "prepare a later scan", SECONDS)))


def _reconstruction(prepared: Prepared, checkpoint: Checkpoint) -> Work[Reconstruction]:
    step = f"reconstruct with {checkpoint.name}"

    def work(on_progress: OnProgress) -> Reconstruction:
        cut = crop_levels(prepared, checkpoint.slab)
        return reconstruct(cut, checkpoint, lambda share: on_progress(step, share))

    return Work(work, step, SECONDS_A_LEVEL * checkpoint.slab.count)
