"""Which region of a mask a page opens at."""

import numpy as np

from uad_core.pipeline.lesions import region_that_holds


def test_the_region_to_look_at_first_holds_most_of_what_is_wanted():
    mask, wanted = np.zeros((2, 3, 12, 12), bool)
    mask[0, 1:5, 1:5], mask[1, 8:10, 8:10] = True, True
    assert region_that_holds(mask, None) == 0
    assert region_that_holds(mask, wanted) == 0  # nothing is wanted
    wanted[1, 9, 8:10] = wanted[0, 1, 1] = True
    assert region_that_holds(mask, wanted) == 1
