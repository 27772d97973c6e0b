"""The shading of a brain: first a fit of everything, then one from which sharp-edged bright regions are left out.

N4 sharpens the histogram, so it takes bright lesions away with the shading; this does not, measured by
`benchmarks/shading.py`.
"""

from dataclasses import dataclass

import numpy as np

from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.shading.bright_regions import sharp_regions
from uad_core.preprocess.shading.coarse import CoarseBrain, shrink
from uad_core.preprocess.shading.field import ShadingField, basis, terms_up_to
from uad_core.preprocess.shading.tissue_fit import TissueFit, TissueModel


@dataclass(frozen=True)
class ShadingConfig:
    """How the field is searched."""

    working_mm: float = 4.0
    degrees: tuple[int, ...] = (2, 2, 4, 6, 8)  # one fit each, coarse to fine, of everything
    again: tuple[int, ...] = (2, 2, 2, 2, 4, 6, 8, 8)  # and without bright regions, which grow fit by fit
    steps: int = 20  # of expectation maximisation a fit, at most
    ridge: float = 1e-4  # penalty of a field, times its degree squared: smooth fields are likelier
    looser: tuple[float, ...] = (3e-5, 1e-5, 3e-6, 1e-6)  # ridges for a field that bends faster, as under a drop-out;
    gain: float = 0.05  # taken where held-out tissue fits better by that share, as in one of eight real heads
    block_mm: float = 28.0  # edge of what is held out in one piece
    most_bright: float = 0.45  # share of the brain; where more were left out, nothing is
    least_extent_mm: float = 60.0  # of the brain along each axis; a thinner slab shows too little to tell lesion apart


def estimate_shading(
    scan: Volume, brain_mask: np.ndarray, transform: AffineTransform, config: ShadingConfig = ShadingConfig()
) -> ShadingField | None:
    """The shading within `brain_mask`, (D, H, W) bool on the scan's grid; None where too little brain is there.

    `transform`: atlas world mm -> scan world mm. `scan` has 0 where there is no signal. About a second.
    """
    brain = shrink(scan, brain_mask, transform, config.working_mm)
    where = np.argwhere(brain.inside)
    if not len(where) or (np.ptp(where, axis=0) * brain.spacing_mm).min() < config.least_extent_mm:
        return None
    middle = (where.min(axis=0) + where.max(axis=0)) / 2
    half = np.maximum(np.ptp(where, axis=0) / 2, 1)
    terms = terms_up_to(max(*config.degrees, *config.again), brain.inside.shape)
    values = basis((where - middle) / half, terms)
    model = TissueModel(brain, values, terms.sum(axis=1), config.ridge)
    everything, fit, used = _search(model, brain, config)
    disputed = float(np.std(everything.field - fit.field))
    fit = _loosened(model, fit, used, _folds(where * brain.spacing_mm, config.block_mm), config)
    return ShadingField(
        fit.coefficients,
        terms,
        brain.origin + middle * brain.step,
        half * brain.step,
        float(fit.field.mean()),
        disputed,
        float(fit.field.std()),
    )


def _search(model: TissueModel, brain: CoarseBrain, config: ShadingConfig) -> tuple[TissueFit, TissueFit, np.ndarray]:
    """The fit of everything, the one without sharp-edged bright regions, and (N,) bool: what had a say in that one."""
    all_voxels = np.ones(len(brain.log), bool)
    fits = [model.start()]
    for degree in config.degrees:
        fits.append(model.fit(fits[-1], degree, all_voxels, config.steps))
    everything = fits[-1]
    judged = brain.one_sided(everything.residual(brain))
    bright = sharp_regions(brain, fits[2].residual(brain), judged)  # that of low degree follows no lesion
    if not bright.any():
        return everything, everything, all_voxels
    fit = model.start()
    for degree in config.again:
        before, used = bright, _without(bright, config)
        fit = model.fit(fit, degree, used, config.steps)
        bright = bright | sharp_regions(brain, fit.residual(brain), judged)
        if degree == config.again[-1] and np.array_equal(bright, before):
            break
    return everything, fit, used


def _loosened(
    model: TissueModel, fit: TissueFit, used: np.ndarray, folds: np.ndarray, config: ShadingConfig
) -> TissueFit:
    """The fit with a weaker penalty, where tissue that had no say in it shows that the field bends so fast.

    A penalty that leaves a lesion of 100 ml alone leaves a fifth of a drop-out as well; a weaker one for all takes
    both.
    """
    errors = model.held_out_errors(fit, used, folds, (config.ridge, *config.looser))
    if errors.min() > (1 - config.gain) * errors[0]:
        return fit
    ridge = config.looser[int(np.argmin(errors[1:]))]
    model = TissueModel(model.brain, model.basis, model.degree, ridge)
    fit = model.fit(fit, config.degrees[-1], used, config.steps)
    everything = model.fit(fit, config.degrees[-1], np.ones_like(used), config.steps)
    judged = model.brain.one_sided(everything.residual(model.brain))
    still_bright = sharp_regions(model.brain, fit.residual(model.brain), judged)  # some was but shaded otherwise
    return model.fit(fit, config.degrees[-1], _without(still_bright, config), config.steps)


def _without(bright: np.ndarray, config: ShadingConfig) -> np.ndarray:
    """(N,) bool: all else has a say; everything, where that would leave too little."""
    return ~bright if bright.mean() <= config.most_bright else np.ones_like(bright)


def _folds(places_mm: np.ndarray, block_mm: float) -> np.ndarray:
    """(N,) int, 0 to 3: blocks that touch with a face are in different ones."""
    return (places_mm // block_mm).astype(int) @ np.array([1, 2, 3]) % 4
