"""The shading of a brain: a fit from which sharp-edged bright regions are left out, found again on the evened brain.

Which regions stand out depends on how far the shading is known, and the shading on what is left out: a few rounds of
both leave the same regions out of a brain whatever shading is laid over it. N4 sharpens the histogram, so it takes
bright lesions away with the shading; this does not, measured by `benchmarks/shading.py`.
"""

from dataclasses import dataclass, replace

import numpy as np

from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.shading.bright_regions import sharp_regions, still_bright
from uad_core.preprocess.shading.coarse import shrink
from uad_core.preprocess.shading.field import ShadingField, basis, terms_up_to
from uad_core.preprocess.shading.tissue_fit import TissueFit, TissueModel


@dataclass(frozen=True)
class ShadingConfig:
    """How the field is searched."""

    working_mm: float = 4.0
    degrees: tuple[int, ...] = (2, 2, 4, 6, 8)  # one fit each, coarse to fine, of everything
    again: tuple[int, ...] = (2, 2, 2, 2, 4, 6, 8, 8)  # and without bright regions, which grow fit by fit
    steps: int = 20  # of expectation maximisation a fit, at most
    rounds: int = 3  # of looking for bright regions, and fitting without them
    ridge: float = 1e-4  # penalty of a field, times its degree squared: smooth fields are likelier
    last: float = 3e-5  # in the last round's fit: by then it is known what is no shading, and less of it need be left
    # in place of the last round, for a field that bends faster, as under a drop-out:
    steep: tuple[float, ...] = (1e-6, 1e-6, 1e-6, 3e-5)
    gain: float = 0.05  # share by which held-out tissue must fit better for that
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
    model = TissueModel(brain, basis((where - middle) / half, terms), terms.sum(axis=1), config.ridge)
    state = _Found(model.start(), np.zeros(len(where), bool))
    for _ in range(config.rounds - 1):
        state = _round(model, state, config.ridge, config)
    folds = _folds(where * brain.spacing_mm, config.block_mm)
    errors = model.held_out_errors(state.fit, _without(state.bright, config), folds, (config.ridge, *config.steep))
    for ridge in config.steep if errors.min() < (1 - config.gain) * errors[0] else (config.last,):
        state = _round(model, state, ridge, config)
    fit = state.fit
    return ShadingField(
        fit.coefficients,
        terms,
        brain.origin + middle * brain.step,
        half * brain.step,
        float(fit.field.mean()),
        state.disputed,
        float(fit.field.std()),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """What a round leaves to the next."""

    fit: TissueFit
    bright: np.ndarray  # (N,) bool: regions that are known to be no shading
    disputed: float = 0.0  # see `ShadingField`


def _round(model: TissueModel, known: _Found, ridge: float, config: ShadingConfig) -> _Found:
    """Look for bright regions on the brain as it is evened so far, and fit the field again without them."""
    brain, field = model.brain, known.fit.field
    everything, found, bright = _search(model.of(replace(brain, log=brain.log - field)), known.bright, config)
    begin, used = replace(found, field=field + found.field), _without(bright, config)
    fit = model.of(brain, ridge).fit(begin, config.degrees[-1], used, config.steps)
    disputed = float(np.std(everything.field - found.field))
    return _Found(fit, still_bright(brain, fit.residual(brain), bright), disputed)


def _search(model: TissueModel, known: np.ndarray, config: ShadingConfig) -> tuple[TissueFit, TissueFit, np.ndarray]:
    """The fit of everything, the one without sharp-edged bright regions, and those, (N,) bool; `known` are some."""
    brain, all_voxels = model.brain, np.ones(len(model.brain.log), bool)
    fits = [model.start()]
    for degree in config.degrees:
        fits.append(model.fit(fits[-1], degree, all_voxels, config.steps))
    everything = fits[-1]
    judged = brain.one_sided(everything.residual(brain))
    bright = known | sharp_regions(brain, fits[2].residual(brain), judged)  # that of low degree follows no lesion
    if not bright.any():
        return everything, everything, bright
    fit = model.start()
    for degree in config.again:
        before = bright
        fit = model.fit(fit, degree, _without(bright, config), config.steps)
        bright = bright | sharp_regions(brain, fit.residual(brain), judged)
        if degree == config.again[-1] and np.array_equal(bright, before):
            break
    return everything, fit, before


def _without(bright: np.ndarray, config: ShadingConfig) -> np.ndarray:
    """(N,) bool: all else has a say; everything, where that would leave too little."""
    return ~bright if bright.mean() <= config.most_bright else np.ones_like(bright)


def _folds(places_mm: np.ndarray, block_mm: float) -> np.ndarray:
    """(N,) int, 0 to 3: blocks that touch with a face are in different ones."""
    return (places_mm // block_mm).astype(int) @ np.array([1, 2, 3]) % 4
