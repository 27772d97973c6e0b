"""The scan that all pages look at: one that ships with the project, or one that the user uploaded on the page Scan."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.shell import keys
from pages.ui.shell.memory import recall, remember
from uad_core.detect.export import subject_label
from uad_core.io.nifti import read_mask
from uad_core.io.paths import SAMPLES
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import PrepareOptions

OWN = "My own scan"
FIRST = "sub-ms01"  # what a new visitor sees


@dataclass(frozen=True, eq=False)
class SelectedScan:
    """A scan and how it is to be prepared.

    Attributes:
        key: identifies the scan and how it is prepared.
        label: of the subject, for file names; never the user's file name.
        source: the bytes of a NIfTI file, of a zip, or of the files of a DICOM series.
        truth: a reference lesion mask (NIfTI on the scan's grid), or None.
        uploaded: whether the user brought it; else it ships with the project and is simulated.
    """

    key: str
    label: str
    source: bytes | tuple[bytes, ...]
    truth: Path | bytes | None
    prepare_options: PrepareOptions
    uploaded: bool


def bundled_names() -> list[str]:
    """Of the scans that ship, the one shown first in front."""
    names = sorted(path.name.removesuffix("_FLAIR.nii.gz") for path in SAMPLES.glob("*_FLAIR.nii.gz"))
    return sorted(names, key=lambda name: name != FIRST)


def bundled(name: str, prepare_options: PrepareOptions | None = None) -> SelectedScan:
    """A scan that ships with the project."""
    source = (SAMPLES / f"{name}_FLAIR.nii.gz").read_bytes()
    lesion = SAMPLES / f"{name}_lesion.nii.gz"
    prepare_options = prepare_options or PrepareOptions()
    return SelectedScan(
        _key(source, prepare_options),
        subject_label(name),
        source,
        lesion if lesion.exists() else None,
        prepare_options,
        False,
    )


def uploaded(
    source: bytes | tuple[bytes, ...], label: str, truth: bytes | None, prepare_options: PrepareOptions
) -> SelectedScan:
    """A scan that the user brought."""
    return SelectedScan(_key(source, prepare_options), label, source, truth, prepare_options, True)


def keep_uploaded(choice: SelectedScan) -> None:
    """Make it the scan that every page offers as the user's own; it survives a reload of the page."""
    remember(keys.UPLOADED, choice)


def kept_scan() -> SelectedScan | None:
    """The scan that the user brought, if one is in memory."""
    choice: SelectedScan | None = recall(keys.UPLOADED)
    return choice


def pick_scan() -> SelectedScan | None:
    """The sidebar's picker; None while an uploaded scan is wanted and there is none."""
    if keys.SCAN in st.session_state and keys.SCAN not in st.query_params:
        # after a reload Streamlit forgets on the next page what came from the address, unless it is set anew
        st.session_state[keys.SCAN] = st.session_state[keys.SCAN]
    name = st.selectbox(
        "Scan", [*bundled_names(), OWN], key=keys.SCAN, bind="query-params",
        help="Bundled scans are simulated; how they were made stands in data_samples/SOURCES.md. "
        "Your own scan is loaded on the page Scan.",
    )  # fmt: skip
    if name == OWN:
        return kept_scan()
    return bundled(str(name), recall(f"{keys.PREPARE_OPTIONS} {name}"))


def need_scan(choice: SelectedScan | None) -> SelectedScan:
    """The choice, or a sentence on where to bring a scan in place of the page."""
    if choice is None:
        st.info("No scan of yours is loaded. Load one on the page Scan, or choose a bundled one on the left.")
        st.page_link("pages/scan.py", label="Bring a scan", icon=":material/upload_file:")
        st.stop()
    return choice


@st.cache_data(show_spinner=False, max_entries=4, ttl=1800)
def _truth(key: str, _truth: Path | bytes, _prepared: Prepared) -> Any:
    return _prepared.to_slab(read_mask(_truth, _prepared.scan))


def truth_in_slab(choice: SelectedScan, prepared: Prepared) -> Any:
    """The reference lesion mask seen in the slab, (D, 256, 256) bool; None where there is none."""
    if choice.truth is None:
        return None
    marks = hashlib.sha256(choice.truth).hexdigest() if isinstance(choice.truth, bytes) else choice.truth.name
    return _truth(f"{choice.key} {marks} {prepared.slab}", choice.truth, prepared)


def _key(source: bytes | tuple[bytes, ...], prepare_options: PrepareOptions) -> str:
    digest = hashlib.sha256()
    for part in (source,) if isinstance(source, bytes) else source:
        digest.update(part)
    mask = prepare_options.brain_mask if isinstance(prepare_options.brain_mask, bytes) else b""
    digest.update(mask + repr((prepare_options.strip, prepare_options.register)).encode())
    return digest.hexdigest()
