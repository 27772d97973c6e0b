"""A scan's file in, a prepared slab out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from uad_core.atlas.space import Slab
from uad_core.io.nifti import read_mask
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.preprocess import Prepared, load_atlas, prepare, propose

Show = Callable[[str, float], None]


@dataclass(frozen=True)
class Wishes:
    """What the user wants otherwise than the data propose; None and empty leave it to the data."""

    slab: Slab | None = None  # axial levels to look at; those that the checkpoint was trained on by default
    strip: bool | None = None  # remove the skull
    register: bool | None = None  # to the atlas
    brain_mask: Path | bytes | None = None  # NIfTI on the scan's grid; replaces skull stripping
    atlas: Path | None = None  # a skull-stripped image in SRI24 space; replaces the template


def prepare_scan(source: ScanSource, slab: Slab, wishes: Wishes, progress: Show) -> Prepared:
    """Read and prepare one scan as its data propose, but for the user's wishes. Raises ScanError."""
    scan = read_scan(source)
    mask = read_mask(wishes.brain_mask, scan) if wishes.brain_mask else None
    proposed, _ = propose(scan)
    chosen = {key: getattr(wishes, key) for key in ("strip", "register") if getattr(wishes, key) is not None}
    config = replace(proposed, slab=wishes.slab or slab, **chosen)
    return prepare(scan, config, mask, load_atlas(wishes.atlas) if wishes.atlas else None, progress)
