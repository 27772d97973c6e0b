"""A scan's file in, a prepared slab out."""

from dataclasses import dataclass, replace
from pathlib import Path

from uad_core.atlas.space import Slab
from uad_core.io.nifti import read_mask
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.preprocess import Prepared, infer_config, load_atlas, prepare
from uad_core.preprocess.preparation import OnStep


@dataclass(frozen=True)
class PrepareOptions:
    """Overrides of the automatic preprocessing; None and empty leave it as inferred from the scan."""

    slab: Slab | None = None  # axial levels to prepare; those that the checkpoint was trained on by default
    strip: bool | None = None  # remove the skull
    register: bool | None = None  # to the atlas
    brain_mask: Path | bytes | None = None  # NIfTI on the scan's grid; replaces skull stripping
    atlas: Path | None = None  # a skull-stripped image in SRI24 space; replaces the template


def prepare_scan(source: ScanSource, slab: Slab, prepare_options: PrepareOptions, on_progress: OnStep) -> Prepared:
    """Read and prepare one scan as inferred from its data, but for the overrides. Raises ScanError."""
    scan = read_scan(source)
    mask = read_mask(prepare_options.brain_mask, scan) if prepare_options.brain_mask else None
    atlas = load_atlas(prepare_options.atlas) if prepare_options.atlas else None
    config = replace(infer_config(scan), slab=prepare_options.slab or slab)
    if prepare_options.strip is not None:
        config = replace(config, strip=prepare_options.strip)
    if prepare_options.register is not None:
        config = replace(config, register=prepare_options.register)
    return prepare(scan, config, mask, atlas, on_progress)
