"""Affine maps as values."""

import nibabel as nib
import numpy as np
import pytest

from uad_core.io.affine import AffineTransform

TURNED = AffineTransform(np.array([[0, -2.0, 0, 10], [3.0, 0, 0, -4], [0, 0, 0.5, 6], [0, 0, 0, 1]]))
POINTS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 3, 4]])


def test_points_are_moved_as_counted_by_hand():
    np.testing.assert_allclose(TURNED.apply(POINTS), [[10, -4, 6], [10, -1, 6], [8, -4, 6], [4, 2, 8]])
    np.testing.assert_allclose(TURNED.apply((2, 3, 4)), [4, 2, 8])


def test_the_inverse_leads_back_and_a_chain_maps_by_its_last_link_first():
    np.testing.assert_allclose(TURNED.inverse.apply(TURNED.apply(POINTS)), POINTS, atol=1e-12)
    shift = AffineTransform.shift(1, 2, 3)
    np.testing.assert_allclose((TURNED @ shift).apply(POINTS), TURNED.apply(POINTS + np.array([1, 2, 3])))
    np.testing.assert_allclose((shift @ TURNED).apply(POINTS), TURNED.apply(POINTS) + np.array([1, 2, 3]))


def test_spacing_and_volume_are_nibabels():
    assert TURNED.spacing == tuple(nib.affines.voxel_sizes(TURNED.matrix)) == (3, 2, 0.5)
    assert TURNED.volume_scale == pytest.approx(3.0)


def test_it_can_be_read_and_not_be_changed():
    assert repr(TURNED) == "AffineTransform(steps of 3, 2, 0.5; 0, 0, 0 lies at 10, -4, 6)"
    with pytest.raises(ValueError, match="read-only"):
        TURNED.matrix[0, 0] = 1


@pytest.mark.parametrize("matrix", [np.zeros((4, 4)), np.eye(3), np.full((4, 4), np.nan)])
def test_a_matrix_that_cannot_be_inverted_is_no_transform(matrix):
    with pytest.raises(ValueError, match="invertible"):
        AffineTransform(matrix)
