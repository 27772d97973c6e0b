"""Small heads for the tests of `uad_core.cohorts.simulate`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from uad_core.atlas.space import ATLAS_AFFINE
from uad_core.atlas.template import template
from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.deform import Deformation, random_deformation
from uad_core.cohorts.simulate.phantom import PhantomConfig
from uad_core.cohorts.simulate.subject import SimulationConfig
from uad_core.io.affine import AffineTransform

SMALL = PhantomConfig(spacing_mm=3.0, brain=(46.0, 58.0, 40.0))  # a small brain has few voxels


def random_shape(seed: int) -> Deformation:
    config = SimulationConfig()
    return random_deformation(np.random.default_rng(seed), config.shifts_mm, config.affine_sd)


def placed(anatomy: Anatomy) -> Anatomy:
    """The anatomy in the atlas by the centre of its brain alone: most tests need no registration."""
    centre = anatomy.to_world.apply(np.argwhere(anatomy.brain_mask).mean(axis=0))
    atlas_centre = (ATLAS_AFFINE @ np.append(np.argwhere(template().brain_mask).mean(axis=0), 1))[:3]
    shift = np.eye(4)
    shift[:3, 3] = centre - atlas_centre
    return replace(anatomy, from_atlas=anatomy.to_world.inverse @ AffineTransform(shift @ ATLAS_AFFINE))
