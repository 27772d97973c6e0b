"""Choosing a scan: one that ships with the project, or the user's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from uad_core.data import SAMPLES
from uad_core.detect import Wishes
from uad_core.export import subject_label
from uad_core.nifti import read_mask
from uad_core.preprocess import Prepared

CHOICES = {"As the data propose": None, "Yes": True, "No": False}


@dataclass(frozen=True, eq=False)
class Choice:
    """Attributes: `key` identifies scan and wishes; `label` is for file names; `truth` a lesion mask that ships."""

    key: str
    label: str
    data: bytes
    truth: Path | None
    wishes: Wishes


def pick_scan() -> Choice | None:
    """The sidebar's scan picker; None while an own scan is wanted and not there yet."""
    samples = sorted(SAMPLES.glob("*_FLAIR.nii.gz"), key=lambda path: "ms01" not in path.name)
    own = "My own scan"
    name = st.selectbox(
        "Scan",
        [path.name.removesuffix("_FLAIR.nii.gz") for path in samples] + [own],
        key="scan",
        help="Bundled scans are simulated; how they were made stands in data_samples/SOURCES.md.",
    )
    if name == own:
        upload = st.file_uploader(
            "FLAIR head scan (NIfTI)",
            type=["nii", "nii.gz"],
            key="upload",
            help="A .nii or .nii.gz file of at most 200 MB, one 3-D volume, as the scanner made it or skull-stripped.",
        )
        if upload is None:
            return None
        data, truth, label = upload.getvalue(), None, subject_label(upload.name)
    else:
        path = SAMPLES / f"{name}_FLAIR.nii.gz"
        lesion = SAMPLES / f"{name}_lesion.nii.gz"
        data, truth, label = path.read_bytes(), lesion if lesion.exists() else None, subject_label(path.name)
    wishes, mask = _preparation()
    key = hashlib.sha256(data + mask + repr((wishes.strip, wishes.register)).encode()).hexdigest()
    return Choice(key, label, data, truth, wishes)


def _preparation() -> tuple[Wishes, bytes]:
    """What the user wants otherwise than proposed, and the bytes of an own brain mask."""
    with st.expander("Preparation"):
        strip = st.selectbox("Remove the skull", CHOICES, key="strip", help="Switch off for a scan without skull.")
        register = st.selectbox(
            "Register to the atlas", CHOICES, key="register", help="Switch off for a scan in SRI24 space."
        )
        mask = st.file_uploader(
            "Own brain mask (NIfTI)",
            type=["nii", "nii.gz"],
            key="brain_mask",
            help="On the scan's grid, 1 in the brain; replaces skull stripping.",
        )
    brain_mask = mask.getvalue() if mask else b""
    return Wishes(strip=CHOICES[strip], register=CHOICES[register], brain_mask=brain_mask or None), brain_mask


@st.cache_data(show_spinner=False, max_entries=4)
def _truth(path: Path, _prepared: Prepared, key: str) -> Any:
    return _prepared.to_slab(read_mask(path, _prepared.scan))


def truth_in_slab(choice: Choice, prepared: Prepared) -> Any:
    """The bundled lesion mask of a bundled scan, seen in the slab; None where there is none."""
    return _truth(choice.truth, prepared, f"{choice.key} {prepared.slab}") if choice.truth else None
