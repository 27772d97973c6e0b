"""A cohort's subjects as the models see them, with their truth on the same grid."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.cohorts.load import load_subject, read_grey
from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.values import binary_mask
from uad_core.io.volume import ScanError
from uad_core.pipeline.lesions import volume_scale
from uad_core.pipeline.postprocess import erode
from uad_core.preprocess import Prepared


@dataclass(frozen=True, eq=False)
class Case:
    """One subject, ready to be scored."""

    subject: Subject
    prepared: Prepared
    inside: np.ndarray  # (D, 256, 256) bool, eroded brain at the levels that all models know: what can be flagged
    truth: np.ndarray  # (D, 256, 256) bool, lesions at these levels, beyond `inside` too: those are missed
    voxel_mm3: float  # the patient's mm3 per voxel of the slab

    @cached_property
    def truth_inside(self) -> np.ndarray:
        """(N,) bool, the truth of the voxels `inside`."""
        return self.truth[self.inside]

    @cached_property
    def missed(self) -> int:
        """True voxels that lie where nothing can be flagged."""
        return int(np.count_nonzero(self.truth & ~self.inside))

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """(D, 256, 256) of the (N,) values of the voxels `inside`; 0 elsewhere."""
        whole = np.zeros(self.inside.shape, values.dtype)
        whole[self.inside] = values
        return whole


def load_case(subject: Subject, slab: Slab, known: set[int], erosion_mm: float) -> Case:
    """Prepare a subject's scan and bring its truth along, through the same transform.

    `known`: levels that all models were trained on. Raises ScanError: the scan or the mask cannot be used, or no level
    of it is known.
    """
    prepared = load_subject(subject, slab)
    levels = np.array([level in known for level in prepared.slab.levels])
    if not levels.any():
        raise ScanError("levels", "The models were not trained on any of this scan's axial levels.")
    truth = np.zeros(prepared.array.shape, bool)
    if subject.lesion:
        truth = _truth(subject, prepared) & levels[:, None, None]
    inside = erode(prepared.brain_mask & levels[:, None, None], erosion_mm)
    if not inside.any():
        raise ScanError("levels", "The scan shows no brain at the axial levels that the models were trained on.")
    return Case(subject, prepared, inside, truth, volume_scale(prepared))


def _truth(subject: Subject, prepared: Prepared) -> np.ndarray:
    """(D, 256, 256) bool of a patient; a picture's mask is a picture of as many pixels."""
    assert subject.lesion is not None
    if subject.lesion.suffix != ".png":
        whole = read_nifti(subject.flair) if subject.prepared else prepared.scan  # which was cut to the slab
        return replace(prepared, scan=whole).to_slab(read_mask(subject.lesion, whole))
    picture = read_grey(subject.lesion)[None]
    if picture.shape != prepared.scan.shape:
        raise ScanError("grid_mismatch", "The lesion mask and the slice have different numbers of pixels.")
    return prepared.to_slab(binary_mask(picture))


def chosen(cohort: Cohort, limit: int | None) -> tuple[Subject, ...]:
    """The first `limit` patients and the first `limit` healthy subjects, in the cohort's order."""
    patients = [subject for subject in cohort.subjects if not subject.is_healthy][:limit]
    kept = {subject.name for subject in (*patients, *cohort.healthy.subjects[:limit])}
    return tuple(subject for subject in cohort.subjects if subject.name in kept)
