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
    everything, fit = _search(model, brain, config)
    return ShadingField(
        fit.coefficients,
        terms,
        brain.origin + middle * brain.step,
        half * brain.step,
        float(fit.field.mean()),
        float(np.std(everything.field - fit.field)),
        float(fit.field.std()),
    )


def _search(model: TissueModel, brain: CoarseBrain, config: ShadingConfig) -> tuple[TissueFit, TissueFit]:
    """The fit of everything, and the one without sharp-edged bright regions."""
    all_voxels = np.ones(len(brain.log), bool)
    fits = [model.start()]
    for degree in config.degrees:
        fits.append(model.fit(fits[-1], degree, all_voxels, config.steps))
    everything = fits[-1]
    judged = brain.one_sided(everything.residual(brain))
    bright = sharp_regions(brain, fits[2].residual(brain), judged)  # that of low degree follows no lesion
    if not bright.any():
        return everything, everything
    fit = model.start()
    for degree in config.again:
        before, used = bright, ~bright if bright.mean() <= config.most_bright else all_voxels
        fit = model.fit(fit, degree, used, config.steps)
        bright = bright | sharp_regions(brain, fit.residual(brain), judged)
        if degree == config.again[-1] and np.array_equal(bright, before):
            break
    return everything, fit
