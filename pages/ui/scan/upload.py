"""Upload a scan, a brain mask and a reference mask, and choose how the scan is prepared."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.inputs.own_scans import as_scan, own_scans
from pages.ui.inputs.scan_picker import show_own
from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.inputs.uploader import SCAN, complain, complaint_about, show_complaint, uploaded, uploader_key
from pages.ui.shell import keys
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.jobs import jobs
from pages.ui.shell.sizes import bound, held_bytes, in_words
from pages.ui.shell.tasks import kept
from uad_core.io.limits import MAX_BYTES
from uad_core.io.nifti import read_lesions, read_mask
from uad_core.io.read_scan import series_in
from uad_core.io.volume import ScanError
from uad_core.preprocess.from_file import PrepareOptions

KINDS = ("Files", "A DICOM folder")
ANSWERS: dict[str, bool | None] = {"Automatic": None, "Yes": True, "No": False}
MASK_TYPES = ["nii", "nii.gz", "mgh", "mgz", "nrrd", "zip", "tar", "tar.gz", "tgz"]
BRAIN, REFERENCE, LOOK = "brain mask", "reference mask", "mask to look within"  # the uploaders of masks


def take_scan() -> None:
    """Make a scan that was just uploaded the one that all pages look at; called before the picker is drawn."""
    files = uploaded(SCAN)
    if not files:
        return
    choice = as_scan([file.name for file in files], [file.getvalue() for file in files])
    kept().pop(keys.UNDECIDED, None)
    try:
        jobs().make_room(held_bytes(choice.source))
        with st.spinner("Reading the scan"):
            choice = replace(choice, series=series_in(choice.source))
            choice.read()
    except ServerFull as full:
        complain(SCAN, full)
        return
    except ScanError as error:
        if choice.series:
            kept()[keys.UNDECIDED] = choice
        complain(SCAN, error)
        return
    take_own(choice)


def take_own(choice: SelectedScan) -> None:
    """Keep the user's scan, and make it the one that all pages look at."""
    kept().pop(keys.UNDECIDED, None)
    show_own(own_scans().put(choice) if choice.number else own_scans().add(choice))


def take_masks(choice: SelectedScan) -> SelectedScan:
    """The choice with a brain mask or a reference that was just uploaded, if it lies on the scan's grid."""
    for name in (BRAIN, REFERENCE, LOOK):
        if files := uploaded(name):
            data = files[0].getvalue()
            try:
                jobs().make_room(len(data))
                choice = _keep(_with_mask(choice, name, data))
            except (ScanError, ServerFull) as error:
                complain(name, error)
    return choice


def bring_box(place: DeltaGenerator, choice: SelectedScan | None) -> DeltaGenerator:
    """Where the uploader stands: closed while a scan of the user's is looked at, as the pictures are what counts."""
    asked = kept().get(keys.UNDECIDED) or (choice and len(choice.series) > 1)
    own = choice is not None and choice.uploaded
    words = "Bring another scan" if own else "Bring your own scan"
    return place.expander(words, expanded=bool(asked) or not own, icon=":material/upload_file:")


def offer_scan(wide: bool) -> None:
    """The uploader, with what it takes said before: below it, or beside it where the place is wide."""
    form, words = st.columns(2, gap="medium") if wide else (st.container(), st.container())
    kind = form.radio(
        "What do you have?", KINDS, key="kind of upload", horizontal=True, label_visibility="collapsed",
        help="A browser hands over either files or a folder.",
    )  # fmt: skip
    folder = kind == KINDS[1]
    form.file_uploader(
        "The folder of one DICOM series" if folder else "A NIfTI file, an archive of a DICOM series, or all its files",
        accept_multiple_files="directory" if folder else True, key=uploader_key(f"{SCAN} {folder}"),
        help="A FLAIR of the head: .nii.gz, .nii, .mgz, .nrrd, DICOM files of any name; or a zip or tar.gz of it.",
    )  # fmt: skip
    words.caption(
        f"Up to 200 MB, one 3-D volume of up to {MAX_BYTES // 1024**2} MB unpacked. From a head that is not "
        "skull-stripped a face can be recognised: treat it as you treat a name. Scans never leave this machine; they "
        f"stay in its memory until you forget them or close your last tab. All visitors' may take {in_words(bound())}."
    )


def has_masks(choice: SelectedScan) -> bool:
    """Whether the user gave masks of the scan, or one that was not taken."""
    options, truth = choice.prepare_options, choice.truth if choice.uploaded else None
    mine = (options.brain_mask, options.look_mask, truth)
    return any(mask is not None for mask in mine) or any(map(complaint_about, (BRAIN, REFERENCE, LOOK)))


def offer_options(choice: SelectedScan) -> None:
    """How the scan is prepared, and masks of the user's own."""
    left, right = st.columns(2)
    now = choice.prepare_options

    def ask(label: str, before: bool | None, changed: Callable[[bool | None], PrepareOptions], words: str) -> None:
        st.session_state[label] = next(text for text, value in ANSWERS.items() if value == before)

        def take() -> None:
            _keep(replace(choice, prepare_options=changed(ANSWERS[st.session_state[label]])))

        st.selectbox(label, list(ANSWERS), key=label, on_change=take, help=words)

    with left:
        ask("Strip the skull", now.strip, lambda answer: replace(now, strip=answer),
            "No: what is not background is taken as brain.")  # fmt: skip
        _offer_mask(choice, BRAIN, now.brain_mask is not None, "replaces skull stripping")
        _offer_mask(choice, LOOK, now.look_mask is not None, "for Where to look, under Setting on the page Detect")
    with right:
        ask("Register to the atlas", now.register, lambda answer: replace(now, register=answer),
            "No: the scan lies in SRI24 space already.")  # fmt: skip
        ask("Even out the shading", now.shading, lambda answer: replace(now, shading=answer),
            "No: as the paper did. The coil's shading can then be flagged as lesion.")  # fmt: skip
        if choice.uploaded:
            _offer_mask(choice, REFERENCE, choice.truth is not None, "what you hold to be lesion; gives a Dice")
        else:
            st.caption("Simulated: its lesions are known, and outlined on the page Detect.")


def _offer_mask(choice: SelectedScan, name: str, there: bool, words: str) -> None:
    def remove() -> None:
        _keep(_with_mask(choice, name, None))

    if there:
        st.button(f"Remove your {name}", on_click=remove, icon=":material/close:", width="stretch",
                  help="From now on the scan goes without it.")  # fmt: skip
        for note in choice.truth_notes if name == REFERENCE else ():
            st.caption(note)
    else:
        st.file_uploader(
            f"Your own {name}", type=MASK_TYPES, key=uploader_key(name),
            help=f"NIfTI, MGZ or NRRD on the voxel grid of the scan, 0 outside and 1 inside; {words}.",
        )  # fmt: skip
    show_complaint(name)


def _with_mask(choice: SelectedScan, name: str, data: bytes | None) -> SelectedScan:
    """The choice with a mask, or without. Raises ScanError where the mask does not fit."""
    if name == REFERENCE:
        notes = read_lesions(data, choice.read()).notes if data is not None else ()
        return replace(choice, truth=data, truth_notes=notes)
    if data is not None:
        read_mask(data, choice.read())
    options = choice.prepare_options
    options = replace(options, look_mask=data) if name == LOOK else replace(options, brain_mask=data)
    return replace(choice, prepare_options=options)


def _keep(choice: SelectedScan) -> SelectedScan:
    """Remember the scan, or how a bundled one is prepared, for all pages; it survives a reload of the page."""
    if choice.uploaded:
        return own_scans().put(choice)
    kept()[f"{keys.PREPARE_OPTIONS} {st.session_state[keys.SCAN]}"] = choice.prepare_options
    return choice
