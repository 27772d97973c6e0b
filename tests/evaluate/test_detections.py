"""Lesions found by size at so many false regions a scan, on masks drawn by hand."""

import numpy as np
import pytest

from uad_core.evaluate.metrics import detections, recall_by_size

SHAPE = (6, 20, 20)


def cube(values, corner, edge, score):
    values[tuple(slice(at, at + edge) for at in corner)] = score


def scan():
    """A lesion of 27 mm3 at .9, one of 64 at .5, one of 216 of which a tenth lies at .3, and two false regions."""
    truth, values = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.float32)
    for corner, edge in (((0, 0, 0), 3), ((0, 10, 0), 4), ((0, 10, 10), 6)):
        cube(truth, corner, edge, True)
    cube(values, (0, 0, 0), 3, 0.9)
    cube(values, (0, 10, 0), 4, 0.5)
    values[0, 10:16, 10:14] = 0.3  # 24 of 216 voxels
    cube(values, (0, 0, 10), 2, 0.6)
    cube(values, (0, 0, 16), 2, 0.4)
    return values, truth


THRESHOLDS = (0.2, 0.35, 0.45, 0.55, 0.7, 0.95)


def counted():
    values, truth = scan()
    return detections(values, np.ones(SHAPE, bool), truth, THRESHOLDS, (6, 1.0))


def test_every_threshold_by_hand():
    found = counted()
    assert found.lesions.tolist() == [1, 1, 1]
    assert found.false.tolist() == [2, 2, 1, 1, 0, 0]
    assert found.found.tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_the_best_threshold_with_so_few_false_regions_decides():
    assert recall_by_size([counted()], 1) == (1.0, 1.0, 0.0)
    assert recall_by_size([counted()], 0.5) == (1.0, 0.0, 0.0)
    assert recall_by_size([counted()], 5) == (1.0, 1.0, 1.0)


def test_false_regions_are_a_mean_over_scans_and_sizes_that_no_lesion_has_are_no_figure():
    clean = detections(np.zeros(SHAPE, np.float32), np.ones(SHAPE, bool), np.zeros(SHAPE, bool), THRESHOLDS, (6, 1.0))
    assert recall_by_size([counted(), clean], 1) == (1.0, 1.0, 1.0)
    assert np.isnan(recall_by_size([clean], 1)).all()


def test_one_region_over_all_of_the_brain_finds_nothing():
    values, truth = scan()
    truth[:, 10:, :] = False  # the small lesion alone is a hundredth of the flood
    flood = detections(np.maximum(values, 0.15), np.ones(SHAPE, bool), truth, (0.1, *THRESHOLDS), (6, 1.0))
    assert flood.false[0] == 1
    assert flood.found[0].tolist() == [0, 0, 0]
    assert flood.found[1].tolist() == [1, 0, 0]


def test_a_voxel_larger_than_a_millimetre_moves_a_lesion_up():
    values, truth = scan()
    assert detections(values, np.ones(SHAPE, bool), truth, (0.2,), (6, 2.0)).lesions.tolist() == [0, 2, 1]
    assert recall_by_size([detections(values, np.ones(SHAPE, bool), truth, (0.2,), (6, 1.0))], 1) == pytest.approx(
        (np.nan,) * 3, nan_ok=True
    )
