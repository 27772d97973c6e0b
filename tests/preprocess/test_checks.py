"""What gives cause for doubt in a brain: where it ends, and how large it is."""

import numpy as np
import pytest

from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.preprocess import PreprocessConfig
from uad_core.preprocess.checks import check_edges, check_stretch


@pytest.mark.parametrize(
    ("levels", "where"), [(slice(0, 110), "above"), (slice(40, None), "below"), (slice(40, 110), "below and above")]
)
def test_a_brain_that_goes_on_beyond_the_scan_is_called_cut_off(levels, where):
    brain = template().brain_mask
    assert check_edges(brain, PreprocessConfig()) is None
    assert f"scan's edge {where}:" in check_edges(brain[levels], PreprocessConfig())


@pytest.mark.parametrize(("scale", "word"), [(0.75, "smaller"), (1.3, "larger"), (1.05, None)])
def test_a_brain_of_another_size_than_an_adults_is_noticed(scale, word):
    warning = check_stretch(AffineTransform(np.diag([scale, scale, scale, 1])), PreprocessConfig())
    assert warning is None if word is None else f"much {word}" in warning
