"""One subject's files as a model sees them."""

from dataclasses import replace

import numpy as np

from uad_core.atlas.space import SLICE_SHAPE, Slab
from uad_core.cohorts.cohort import Subject
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.picture import read_grey
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess import Prepared, PreprocessConfig, infer_config, prepare, prepare_slice


def load_subject(subject: Subject, slab: Slab) -> Prepared:
    """Prepare one subject's scan as inferred from its data. Raises ScanError."""
    if subject.is_slice:
        return prepare_slice(read_grey(subject.flair), subject.level)
    scan = read_nifti(subject.flair)
    mask = read_mask(subject.brain_mask, scan) if subject.brain_mask else None
    if subject.prepared:
        return _as_prepared(scan, mask, slab)
    return prepare(scan, replace(infer_config(scan), slab=slab), brain_mask=mask)


def _as_prepared(scan: Volume, mask: np.ndarray | None, slab: Slab) -> Prepared:
    """Cut a slab from a prepared volume."""
    depth, height, width = scan.shape
    first = round(float(scan.affine[2, 3]))
    inside = slice(slab.first - first, slab.first - first + slab.count)
    if mask is None or (height, width) != SLICE_SHAPE or inside.start < 0 or inside.stop > depth:
        raise ScanError("cohort", "The prepared cohort lacks brain masks, or does not reach over these axial levels.")
    scan = Volume.from_canonical(scan.array[inside], slab.affine)
    return Prepared(scan, scan.array, mask[inside], AffineTransform.identity(), PreprocessConfig(slab=slab))
