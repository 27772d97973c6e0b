"""A cohort folder whose scans have their preparation behind them: prepare once, train many models on it.

The folder is a cohort like any other, `"prepared": true` in its `cohort.json`. Its volumes lie in atlas space, cut to
the slab, 256 x 256, denoised and scaled to [0, 1]; any viewer opens them.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from uad_core.atlas.space import Slab
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.cohorts.load import load_subject
from uad_core.cohorts.tables import read_about
from uad_core.io.atomic import write_json
from uad_core.io.nifti import read_lesions, write_nifti
from uad_core.io.volume import ScanError, Volume


@dataclass(frozen=True)
class Done:
    """One subject was prepared, or refused for the reason in `problem`."""

    subject: str
    done: int
    total: int
    problem: str | None


def prepare_cohort(cohort: Cohort, folder: Path, out: Path, slab: Slab, workers: int | None = None) -> Iterator[Done]:
    """Prepare every volume of the cohort in `folder` and write the prepared cohort to `out`.

    A subject that cannot be prepared is reported and left out. `workers`: processes; by default one a core. Raises
    ScanError: single slices, which take no time to prepare, or a folder that holds a cohort already.
    """
    if any(subject.is_slice for subject in cohort.subjects):
        raise ScanError("cohort", "Single slices (PNG) are prepared as they are read; use their folder itself.")
    if out.is_dir() and any(out.glob("*_FLAIR.*")):
        raise ScanError("cohort", "The folder for the prepared cohort holds one already; name an empty one.")
    _, about = read_about(folder)
    out.mkdir(parents=True, exist_ok=True)
    # first, so that what an interruption leaves is a cohort too
    if (folder / "participants.tsv").exists():
        shutil.copyfile(folder / "participants.tsv", out / "participants.tsv")
    write_json(out / "cohort.json", about | {"name": cohort.name, "simulated": cohort.simulated, "prepared": True})
    with ProcessPoolExecutor(workers or os.cpu_count(), initializer=_worker) as pool:
        jobs = {pool.submit(_prepare, subject, out, slab): subject for subject in cohort.subjects}
        try:
            for count, job in enumerate(as_completed(jobs), 1):
                yield Done(jobs[job].name, count, len(jobs), job.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)  # those under way end; their files are then whole
            raise


def _worker() -> None:
    """One thread each; Ctrl-C is for the process that shares the work out."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare(subject: Subject, out: Path, slab: Slab) -> str | None:
    """Writes the subject's prepared files; returns why it could not be done."""
    try:
        prepared = load_subject(subject, slab)
        lesion = read_lesions(subject.lesion, prepared.scan) if subject.lesion else None
    except ScanError as error:
        return str(error)
    grid = Volume.from_canonical(prepared.array, slab.affine)
    if lesion is not None:
        labels = np.where(prepared.to_slab(lesion.ignored), 2, prepared.to_slab(lesion.inside)).astype(np.uint8)
        write_nifti(out / f"{subject.name}_lesion.nii.gz", labels, grid)
    write_nifti(out / f"{subject.name}_brainmask.nii.gz", prepared.brain_mask, grid)
    write_nifti(out / f"{subject.name}_FLAIR.nii.gz", prepared.array, grid)
    return None
