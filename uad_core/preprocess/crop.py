"""A part of a scan that was prepared at more levels: the slow steps are not done twice."""

from dataclasses import replace

from uad_core.atlas.space import Slab
from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.preprocess.checks import check_levels
from uad_core.preprocess.prepared import Prepared, ProcessingStep
from uad_core.preprocess.slab import mask_to_slab


def crop_levels(prepared: Prepared, slab: Slab) -> Prepared:
    """The levels of `slab` alone, the same to the last bit as if `prepare` had cut no others.

    Raises ScanError: `slab` where the scan does not reach these levels; ValueError: levels that were not prepared.
    """
    start = slab.first - prepared.slab.first
    if start < 0 or start + slab.count > prepared.slab.count:
        raise ValueError(f"{slab} does not lie within {prepared.slab}")
    own = slice(start, start + slab.count)
    before, now = _missing(prepared, prepared.slab), _missing(prepared, slab)
    warnings = [*(text for text in prepared.warnings if text != before), *([now] if now else [])]
    steps = tuple(
        ProcessingStep("slab", step.seconds, f"Cut {slab.count} axial slices of 1 mm.") if step.name == "slab" else step
        for step in prepared.steps
    )
    return replace(
        prepared,
        array=prepared.array[own],
        brain_mask=prepared.brain_mask[own],
        config=replace(prepared.config, slab=slab),
        steps=steps,
        warnings=tuple(warnings),
    )


def _missing(prepared: Prepared, slab: Slab) -> str | None:
    """The warning about levels of `slab` that lie beyond the scan."""
    atlas = template()
    brain = mask_to_slab(atlas.brain_mask, atlas.flair, AffineTransform.identity(), slab)
    return check_levels(prepared.scan, prepared.transform, slab, brain)
