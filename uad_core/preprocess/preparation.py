"""The chain from a scan to the slices that a model sees."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from uad_core.atlas.space import PAPER_SLAB, Slab
from uad_core.atlas.template import Atlas, template
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.checks import (
    atlas_overlap,
    check_edges,
    check_holes,
    check_levels,
    check_overlap,
    check_rim,
    check_stretch,
    check_volume,
)
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.infer import tissue
from uad_core.preprocess.normalise import denoise, normalise, tissue_level
from uad_core.preprocess.prepared import Prepared, ProcessingStep
from uad_core.preprocess.registration import RegistrationTarget, register, template_target
from uad_core.preprocess.shading import ShadingField, estimate_shading
from uad_core.preprocess.signal import with_zero
from uad_core.preprocess.slab import grown_in_plane, mask_to_slab, to_slab, widened

OnStep = Callable[[str, float], None]


@dataclass
class _Log:
    """Collects steps and warnings while the chain runs."""

    doubts: list[str]  # on the scan as it was read
    steps: dict[str, ProcessingStep] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)  # by step
    started: float = field(default_factory=perf_counter)

    def end(self, name: str, sentence: str, *warnings: str | None) -> None:
        """Close the step that ran since the one before; one that ran already now says this instead."""
        now = perf_counter()
        seconds = now - self.started + (self.steps[name].seconds if name in self.steps else 0)
        self.steps[name] = ProcessingStep(name, seconds, sentence)
        self.started = now
        self.warned[name] = [warning for warning in warnings if warning]

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.doubts, *(text for texts in self.warned.values() for text in texts))


def prepare(
    scan: Volume,
    config: PreprocessConfig,
    brain_mask: np.ndarray | None = None,
    atlas: Atlas | None = None,
    on_progress: OnStep | None = None,
) -> Prepared:
    """Strip, register, even out the shading, cut the slab, denoise, normalise.

    The paper registers before it strips; stripped brains register better, the steps are the same. The shading is no
    step of the paper's: `config.shading` leaves it out. Shading lays a scan up to 6 mm off its place, so the evened one
    is registered anew. A level comes out the same whichever slab it is cut with: the denoising sees its neighbours
    beyond the slab's edge, and the grey values are scaled by the tissue at the paper's levels, or in the slab itself
    where the scan has no brain there. `brain_mask`, the user's
    own, (D, H, W) bool on the scan's grid, replaces stripping, `atlas` the template; `on_progress` is called with a
    step's name and the share that is done. Raises ScanError: strip_failed, registration_failed, slab, normalise_failed.
    """
    on_step, target = on_progress or (lambda name, fraction: None), atlas or template()
    on_step("strip the skull", 0.0)
    original, (scan, doubts) = scan, with_zero(scan)
    log = _Log(list(doubts))
    brain = _brain(scan, config, brain_mask, log)
    on_step("register to the atlas", 0.3)
    transform = _transform(scan, brain, config, target, log)
    on_step("even out the shading", 0.7)
    shading = _shading(scan, brain, transform, config, log)
    even = replace(scan, array=scan.array / shading.gain(scan.shape)) if shading else scan
    if shading:
        on_step("register to the atlas", 0.75)
        transform = _transform(even, brain, config, target, log, transform)
    on_step("denoise and normalise", 0.8)

    def atlas_brain(slab: Slab) -> np.ndarray:
        return mask_to_slab(target.brain_mask, target.flair, AffineTransform.identity(), slab)

    def cut(slab: Slab) -> tuple[np.ndarray, np.ndarray]:
        array, inside = to_slab(even, brain, transform, slab)
        if config.strip and brain_mask is None:  # a stripper that takes scalp for brain gives itself away here: of
            # seven well-stripped heads at most 0.1 % of the brain lay farther out, of one with scalp left behind 0.7 %
            inside &= grown_in_plane(atlas_brain(slab), config.reach_mm)
        return array, inside

    wide, own = widened(config.slab, config.denoise_iterations)
    warning = check_levels(scan, transform, config.slab, atlas_brain(config.slab))
    array, inside = cut(wide)
    log.end("slab", f"Cut {config.slab.count} axial slices of 1 mm.", warning)
    middle = (array[own], inside[own]) if config.slab == PAPER_SLAB else cut(PAPER_SLAB)
    level = tissue_level(*(middle if middle[1].any() else (array[own], inside[own])))
    array = denoise(np.where(inside, array, 0), config.denoise_iterations)[own]
    log.end("denoise", f"Denoised in {config.denoise_iterations} iterations.")
    array, inside = normalise(array, inside[own], level), inside[own]
    log.end("normalise", "Scaled so that brain tissue lies at 0.5.")
    return Prepared(original, array, inside, transform, config, tuple(log.steps.values()), log.warnings, shading)


def crop_levels(prepared: Prepared, slab: Slab) -> Prepared:
    """The levels of `slab` alone, the same to the last bit as if `prepare` had cut no others."""
    start = slab.first - prepared.slab.first
    if start < 0 or start + slab.count > prepared.slab.count:
        raise ValueError(f"{slab} does not lie within {prepared.slab}")
    own = slice(start, start + slab.count)
    scan, transform = prepared.scan, prepared.transform
    before, now = (
        check_levels(scan, transform, levels, template().tissues_in(levels) > 0) for levels in (prepared.slab, slab)
    )
    warnings = [*(text for text in prepared.warnings if text != before), *([now] if now else [])]
    cut = f"Cut {slab.count} axial slices of 1 mm."
    steps = tuple(replace(step, sentence=cut) if step.name == "slab" else step for step in prepared.steps)
    return replace(
        prepared,
        array=prepared.array[own],
        brain_mask=prepared.brain_mask[own],
        look_mask=None if prepared.look_mask is None else prepared.look_mask[own],
        config=replace(prepared.config, slab=slab),
        steps=steps,
        warnings=tuple(warnings),
    )


def _brain(scan: Volume, config: PreprocessConfig, given: np.ndarray | None, log: _Log) -> np.ndarray:
    from uad_core.preprocess.brain_extraction import filled, strip  # here, since it loads torch

    doubts: tuple[str | None, ...] = ()
    if given is not None:
        mask, how = given, "Your own brain mask was used"
        doubts = check_holes(given, filled(given), scan), check_rim(given, scan)
    elif config.strip:
        mask, how = strip(scan), "The skull was removed"
    else:
        there = tissue(scan)
        mask, how = filled(there), "The scan was taken as skull-stripped"
        doubts = (check_holes(there, mask, scan),)
    millilitres, warning = check_volume(mask, scan, config)
    log.end("strip", f"{how}: {millilitres:.0f} ml of brain.", warning, check_edges(mask, scan, config), *doubts)
    return mask


def _transform(
    scan: Volume,
    brain_mask: np.ndarray,
    config: PreprocessConfig,
    atlas: Atlas,
    log: _Log,
    start: AffineTransform | None = None,
) -> AffineTransform:
    if config.register:
        to = template_target() if atlas is template() else RegistrationTarget.of(atlas.flair, atlas.brain_mask)
        transform = register(scan, brain_mask, to, start)
    else:
        transform = AffineTransform.identity()
    dice = atlas_overlap(scan, brain_mask, atlas, transform)
    warnings = check_overlap(dice, config), check_stretch(transform, config)
    how = "Registered to the atlas" if config.register else "Taken as registered to the atlas"
    log.end("register", f"{how}: brain overlap (Dice) {dice:.3f}.", *warnings)
    return transform


def _shading(
    scan: Volume, brain: np.ndarray, transform: AffineTransform, config: PreprocessConfig, log: _Log
) -> ShadingField | None:
    if not config.shading:
        return None
    field = estimate_shading(scan, brain, transform)
    if field is None:
        log.end("shading", "Left as it is: too little of the brain is there to tell shading from lesions.")
    else:
        log.end("shading", f"Evened out: it varied by {100 * field.spread:.0f} % (standard deviation) over the brain.")
    return field
