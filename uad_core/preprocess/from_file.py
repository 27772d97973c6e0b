"""A scan's file in, a prepared slab out; or an atlas of the user's, instead of the project's template."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.atlas.template import Atlas, template
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import read_mask, read_nifti
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.checks import atlas_overlap
from uad_core.preprocess.infer import infer_config, tissue
from uad_core.preprocess.preparation import OnStep, prepare
from uad_core.preprocess.prepared import Prepared

STEPS = ("strip", "register", "shading")  # that can be switched on and off
_NO_BRAIN = ("strip_failed", "registration_failed")
_LEAST_OVERLAP = 0.85  # Dice with the template's brain; SRI24's own images have 0.95


@dataclass(frozen=True)
class PrepareOptions:
    """Overrides of the automatic preprocessing; None and empty leave it as inferred from the scan."""

    slab: Slab | None = None  # axial levels to prepare; those that the checkpoint was trained on by default
    strip: bool | None = None  # remove the skull
    register: bool | None = None  # to the atlas
    shading: bool | None = None  # even out the coil's shading
    brain_mask: Path | bytes | None = None  # NIfTI on the scan's grid; replaces skull stripping
    look_mask: Path | bytes | None = None  # NIfTI on the scan's grid: where alone to look for anomalies
    atlas: Path | None = None  # a skull-stripped image in SRI24 space; replaces the template
    series: int | None = None  # of several in a DICOM upload the number of the one to read, as `series_in` lists them


def prepare_scan(
    source: ScanSource | Volume, slab: Slab, prepare_options: PrepareOptions, on_progress: OnStep
) -> Prepared:
    """Read and prepare one scan as inferred from its data, but for the overrides. Raises ScanError."""
    scan = source if isinstance(source, Volume) else read_scan(source, prepare_options.series)
    atlas = load_atlas(prepare_options.atlas) if prepare_options.atlas else None
    return prepare_volume(scan, slab, prepare_options, atlas, on_progress)


def prepare_volume(
    scan: Volume, slab: Slab, prepare_options: PrepareOptions, atlas: Atlas | None, on_progress: OnStep
) -> Prepared:
    """The same of a scan that was read, with an atlas that was loaded; None: the template."""
    mask = read_mask(prepare_options.brain_mask, scan) if prepare_options.brain_mask else None
    config = replace(infer_config(scan), slab=prepare_options.slab or slab)
    chosen = {step: choice for step in STEPS if (choice := getattr(prepare_options, step)) is not None}
    config = replace(config, **chosen)
    try:
        prepared = prepare(scan, config, mask, atlas, on_progress)
    except ScanError as error:
        if config.strip or mask is not None or prepare_options.strip is not None or error.code not in _NO_BRAIN:
            raise
        # what looked stripped may be a head whose air was set to 0, and then it was never registered
        config = replace(config, strip=True, register=chosen.get("register", True))
        prepared = prepare(scan, config, None, atlas, on_progress)
    if prepare_options.look_mask is None:
        return prepared
    return replace(prepared, look_mask=prepared.to_slab(read_mask(prepare_options.look_mask, scan)))


def load_atlas(path: Path) -> Atlas:
    """A skull-stripped NIfTI image in SRI24's space, such as SRI24's own T2 (`late.nii.gz`).

    It may lie on any grid and show any contrast, but its world must be SRI24's: the slab's levels, and what the models
    learned, are millimetres of that space. Where it is not background is its brain. Raises ScanError: the file is no
    image, or its brain does not lie where SRI24's lies.
    """
    flair = read_nifti(path)
    brain = tissue(flair)
    if atlas_overlap(flair, brain, template(), AffineTransform.identity()) < _LEAST_OVERLAP:
        elsewhere = "The atlas file is no skull-stripped brain in SRI24 space."
        raise ScanError("atlas", f"{elsewhere} Use SRI24 or an image in its space.")
    return Atlas(flair, brain.astype(np.uint8))
