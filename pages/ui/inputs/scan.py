"""The scan that all pages look at, bundled or uploaded, and the slow work on it: once per scan and model, in a job."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import streamlit as st

from pages.ui.shell import keys
from pages.ui.shell.job import Job, OnProgress, Work
from pages.ui.shell.tasks import begin, done, kept, wait_for
from uad_core.atlas.space import Slab
from uad_core.detect.lights import lights_of
from uad_core.detect.result_files import subject_label
from uad_core.io.dicom import SeriesEntry
from uad_core.io.nifti import read_lesions
from uad_core.io.paths import SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import Mask, Volume
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import STEPS, PrepareOptions, prepare_scan
from uad_core.quality import Check

OWN = "My own scan"
FIRST = "sub-rawms03"  # what a new visitor sees
SECONDS_A_LEVEL = 0.1  # of a reconstruction, at first


@dataclass(frozen=True, eq=False)
class SelectedScan:
    """A scan and how it is to be prepared.

    Attributes:
        label: of the subject, for file names; never the user's file name.
        source: the bytes of a NIfTI file, of a zip, or of the files of a DICOM series.
        truth: a reference lesion mask (NIfTI on the scan's grid), or None.
        uploaded: whether the user brought it; else it ships with the project and is simulated.
        truth_notes: sentences on what the labels of the reference were taken for.
        series: those of a DICOM upload, the one that was taken by default marked.
    """

    label: str
    source: bytes | tuple[bytes, ...]
    truth: Path | bytes | None
    prepare_options: PrepareOptions
    uploaded: bool
    truth_notes: tuple[str, ...] = ()
    series: tuple[SeriesEntry, ...] = ()

    def read(self) -> Volume:
        """The scan as its file has it. Raises ScanError."""
        return read_scan(self.source, self.prepare_options.series)

    def forget(self) -> None:
        """Empty it, also where a tab still holds it."""
        options = replace(self.prepare_options, brain_mask=None, look_mask=None)
        for name, value in (("source", b""), ("truth", None), ("prepare_options", options), ("series", ())):
            object.__setattr__(self, name, value)

    @cached_property
    def key(self) -> str:
        """Identifies the scan and how it is prepared."""
        digest, options = hashlib.sha256(), self.prepare_options
        for part in (self.source,) if isinstance(self.source, bytes) else self.source:
            digest.update(part)
        for mask in (options.brain_mask, options.look_mask):
            digest.update(hashlib.sha256(mask if isinstance(mask, bytes) else b"").digest())
        digest.update(repr([*(getattr(options, step) for step in STEPS), options.series]).encode())
        return digest.hexdigest()


def bundled_names() -> list[str]:
    """Of the scans that ship, the one shown first in front."""
    names = [path.name.removesuffix("_FLAIR.nii.gz") for path in SAMPLES.glob("*_FLAIR.nii.gz")]
    return sorted(names, key=lambda name: (name != FIRST, name))


def bundled(name: str, prepare_options: PrepareOptions | None = None) -> SelectedScan:
    """A scan that ships with the project."""
    source, lesion = (SAMPLES / f"{name}_FLAIR.nii.gz").read_bytes(), SAMPLES / f"{name}_lesion.nii.gz"
    truth = lesion if lesion.exists() else None
    return SelectedScan(subject_label(name), source, truth, prepare_options or PrepareOptions(), False)


def pick_scan() -> SelectedScan | None:
    """The sidebar's picker; None while an uploaded scan is wanted and there is none."""
    name = st.selectbox(
        "Scan", [*bundled_names(), OWN], key=keys.SCAN, bind="query-params",
        help="Bundled scans are simulated; how they were made stands in data_samples/SOURCES.md. "
        "Your own scan is loaded on the page Scan.",
    )  # fmt: skip
    if name == OWN:
        return kept().get(keys.UPLOADED)
    return bundled(str(name), kept().get(f"{keys.PREPARE_OPTIONS} {name}"))


def need_scan(choice: SelectedScan | None) -> SelectedScan:
    """The choice, or a sentence on where to bring a scan in place of the page."""
    if choice is None:
        st.info("No scan of yours is loaded. Load one on the page Scan, or choose a bundled one on the left.")
        st.page_link("pages/scan.py", label="Bring a scan", icon=":material/upload_file:")
        st.stop()
    return choice


def prepared_scan(choice: SelectedScan, slab: Slab) -> Prepared:
    """The scan as models see it; shows progress instead of the rest of the page until it is there."""
    return wait_for(_preparation(choice, slab))


def reconstruction_of(choice: SelectedScan, checkpoint: Checkpoint) -> Reconstruction:
    """What the checkpoint's model makes of it, likewise."""
    work = reconstructing(choice, checkpoint)
    prepared_scan(choice, checkpoint.slab)
    return wait_for(work)


def reconstructing(choice: SelectedScan, checkpoint: Checkpoint) -> Job[Reconstruction]:
    """The job behind `reconstruction_of`, for who does not wait for it. The scan is prepared first."""
    preparation, step = _preparation(choice, checkpoint.slab), f"reconstruct with {checkpoint.name}"

    def work(on_progress: OnProgress) -> Reconstruction:
        prepared = preparation.future.result()
        return reconstruct(prepared, checkpoint, lambda share: on_progress(step, share))

    seconds = SECONDS_A_LEVEL * checkpoint.slab.count
    return begin((choice.key, checkpoint.sha256), Work(work, step, seconds, preparation))


def lights_on(choice: SelectedScan, reconstruction: Reconstruction) -> tuple[Check, ...]:
    """The checks of the scan for the model; what its result has to carry."""
    key = (choice.key, "lights", reconstruction.checkpoint.sha256)
    return done(key, Work(lambda on_progress: lights_of(reconstruction), "checks", 1.0))


def _preparation(choice: SelectedScan, slab: Slab) -> Job[Prepared]:
    if not choice.source:  # forgotten in another tab, while this one shows it
        st.rerun()

    source, options = choice.source, choice.prepare_options  # it may be emptied meanwhile

    def work(on_progress: OnProgress) -> Prepared:
        return prepare_scan(source, slab, options, on_progress)

    kind, seconds = ("an upload", 20.0) if choice.uploaded else (choice.label, 2.0)
    return begin((choice.key, slab), Work(work, f"prepare {kind}, {slab.count} levels", seconds))


def truth_in_slab(choice: SelectedScan, prepared: Prepared) -> Mask | None:
    """The reference lesion mask seen in the slab, (D, 256, 256) bool; None where there is none."""
    if choice.truth is None:
        return None
    marks = hashlib.sha256(choice.truth).hexdigest() if isinstance(choice.truth, bytes) else choice.truth.name
    truth = choice.truth
    return done(
        (choice.key, marks, prepared.slab),
        Work(lambda on_progress: prepared.to_slab(read_lesions(truth, prepared.scan).inside), "reference mask", 0.2),
    )
