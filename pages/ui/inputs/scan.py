"""The slow work on a scan: once per scan and model, in a job."""

import hashlib

import streamlit as st

from pages.ui.inputs.selected_scan import SelectedScan, opens_on
from pages.ui.shell.job import Job, OnProgress, Work
from pages.ui.shell.tasks import begin, done, wait_for
from pages.ui.shell.visitors import Visitor
from uad_core.atlas.space import Slab
from uad_core.detect.detect_once import lights_once, reconstruct_once
from uad_core.detect.lights import lights_of
from uad_core.io.marks import Marks
from uad_core.io.nifti import read_lesions
from uad_core.io.volume import Mask
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import prepare_scan
from uad_core.preprocess.prepare_once import prepare_once
from uad_core.quality import Check

SECONDS_A_LEVEL = 0.1  # of a reconstruction, at first


def prepared_scan(choice: SelectedScan, slab: Slab) -> Prepared:
    """The scan as models see it; shows progress instead of the rest of the page until it is there."""
    return wait_for(_preparation(choice, slab))


def is_prepared(choice: SelectedScan, slab: Slab) -> bool:
    """Whether it has been; begun it is in any case."""
    return _preparation(choice, slab).future.done()


def reconstruction_of(choice: SelectedScan, checkpoint: Checkpoint) -> Reconstruction:
    """What the checkpoint's model makes of it, likewise."""
    work = reconstructing(choice, checkpoint)
    prepared_scan(choice, checkpoint.slab)
    return wait_for(work)


def reconstructing(choice: SelectedScan, checkpoint: Checkpoint, who: Visitor | None = None) -> Job[Reconstruction]:
    """The job behind `reconstruction_of`, for who does not wait for it. The scan is prepared first."""
    preparation, step = _preparation(choice, checkpoint.slab, who), f"reconstruct with {checkpoint.name}"

    def work(on_progress: OnProgress) -> Reconstruction:
        prepared = preparation.future.result()

        def report(share: float) -> None:
            on_progress(step, share)

        if opens_on(choice, checkpoint.name):
            return reconstruct_once(choice.key, prepared, checkpoint, report)
        return reconstruct(prepared, checkpoint, report)

    seconds = SECONDS_A_LEVEL * checkpoint.slab.count
    return begin((choice.key, checkpoint.identity), Work(work, step, seconds, preparation), who)


def lights_on(choice: SelectedScan, reconstruction: Reconstruction) -> tuple[Check, ...]:
    """The checks of the scan for the model; what its result has to carry."""
    return wait_for(lighting(choice, reconstruction))


def lighting(
    choice: SelectedScan, reconstruction: Reconstruction, who: Visitor | None = None
) -> Job[tuple[Check, ...]]:
    """The job behind `lights_on`."""
    checkpoint = reconstruction.checkpoint

    def work(on_progress: OnProgress) -> tuple[Check, ...]:
        if opens_on(choice, checkpoint.name):
            return lights_once(choice.key, reconstruction)
        return lights_of(reconstruction)

    return begin((choice.key, "lights", checkpoint.identity), Work(work, "checks", 1.0), who)


def _preparation(choice: SelectedScan, slab: Slab, who: Visitor | None = None) -> Job[Prepared]:
    if not choice.source:  # forgotten in another tab, while this one shows it
        st.rerun()

    source, options = choice.source, choice.prepare_options  # it may be emptied meanwhile

    def work(on_progress: OnProgress) -> Prepared:
        if isinstance(source, bytes) and not choice.uploaded:
            return prepare_once(source, slab, options, on_progress)
        return prepare_scan(source, slab, options, on_progress)

    kind, seconds = ("an upload", 20.0) if choice.uploaded else (choice.label, 2.0)
    return begin((choice.key, slab), Work(work, f"prepare {kind}, {slab.count} levels", seconds), who)


def truth_in_slab(choice: SelectedScan, prepared: Prepared) -> Mask | None:
    """What the reference mask calls lesion, seen in the slab, (D, 256, 256) bool; None where there is none."""
    marks = marks_in_slab(choice, prepared)
    return None if marks is None else marks.inside


def marks_in_slab(choice: SelectedScan, prepared: Prepared) -> Marks | None:
    """The reference mask seen in the slab, with what it calls neither lesion nor healthy; None where there is none."""
    if choice.truth is None:
        return None
    marks = hashlib.sha256(choice.truth).hexdigest() if isinstance(choice.truth, bytes) else choice.truth.name
    truth = choice.truth

    def work(on_progress: OnProgress) -> Marks:
        found = read_lesions(truth, prepared.scan)
        return Marks(prepared.to_slab(found.inside), prepared.to_slab(found.ignored), found.notes)

    return done((choice.key, marks, prepared.slab), Work(work, "reference mask", 0.2))
