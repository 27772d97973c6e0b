"""A part of a scan that was prepared at more levels: the slow steps are not done twice."""

from dataclasses import replace

from uad_core.atlas.space import Slab
from uad_core.atlas.template import template
from uad_core.preprocess.checks import check_levels
from uad_core.preprocess.prepared import Prepared


def crop_levels(prepared: Prepared, slab: Slab) -> Prepared:
    """The levels of `slab` alone, the same to the last bit as if `prepare` had cut no others."""
    start = slab.first - prepared.slab.first
    if start < 0 or start + slab.count > prepared.slab.count:
        raise ValueError(f"{slab} does not lie within {prepared.slab}")
    own = slice(start, start + slab.count)
    scan, transform = prepared.scan, prepared.transform
    before, now = (check_levels(scan, transform, levels, template()) for levels in (prepared.slab, slab))
    warnings = [*(text for text in prepared.warnings if text != before), *([now] if now else [])]
    cut = f"Cut {slab.count} axial slices of 1 mm."
    steps = tuple(replace(step, sentence=cut) if step.name == "slab" else step for step in prepared.steps)
    return replace(
        prepared,
        array=prepared.array[own],
        brain_mask=prepared.brain_mask[own],
        config=replace(prepared.config, slab=slab),
        steps=steps,
        warnings=tuple(warnings),
    )
