"""The template's tissues in a slab."""

from dataclasses import replace

import numpy as np
import pytest

from uad_core.atlas.space import PAPER_SLAB
from uad_core.atlas.template import TISSUE_CODES, TISSUES, template


def test_tissues_lie_in_a_slab_where_its_affine_says():
    tissues = template().tissues_in(PAPER_SLAB)
    assert tissues.shape == PAPER_SLAB.shape
    for voxel in np.argwhere(tissues)[::50_000]:
        world = PAPER_SLAB.to_world.apply(voxel)
        depth, row, column = template().flair.to_world.inverse.apply(world).round().astype(int)
        assert template().tissues[depth, row, column] == tissues[tuple(voxel)]
    assert np.count_nonzero(tissues) == np.count_nonzero(template().tissues[70:90])


def test_every_tissue_is_found_by_its_name():
    assert {TISSUES[code]: code for code in TISSUES} == TISSUE_CODES


def test_tissues_on_another_grid_have_no_slab():
    with pytest.raises(ValueError, match="grid"):
        replace(template(), tissues=template().tissues[:, ::2]).tissues_in(PAPER_SLAB)
