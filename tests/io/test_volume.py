"""Volume: one orientation inside, the file's own outside, and nothing lost between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.nifti_files import ORIENTATIONS, image, reorient, rotation
from uad_core.io.volume import ScanError, SourceGrid, Volume

# Canonical D, H, W run to superior (+z), posterior (-y) and left (-x).
CANONICAL_AXES = np.array([[0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])


def canonical_affine(spacing_mm: tuple[float, float, float], degrees: tuple[float, float, float]) -> np.ndarray:
    matrix = rotation(degrees) @ CANONICAL_AXES @ np.diag([*spacing_mm, 1.0])
    matrix[:3, 3] = (91, 108, -72)
    return matrix


def from_file(data: np.ndarray, matrix: np.ndarray) -> Volume:
    return Volume.from_source(data, SourceGrid(data.shape, matrix))


def test_axes_grow_to_superior_posterior_and_left() -> None:
    data = np.zeros((4, 5, 6), np.float32)  # i to the right, j to anterior, k to superior
    data[3, 0, 0], data[0, 4, 0], data[0, 0, 5] = 1, 2, 3
    volume = from_file(data, np.eye(4))
    assert volume.shape == (6, 5, 4)
    assert volume.array[0, 4, 0] == 1  # the rightmost voxel stands in column 0: the radiological convention
    assert volume.array[0, 0, 3] == 2  # the most anterior one in row 0
    assert volume.array[5, 4, 3] == 3  # the most superior one in the last slice


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_all_48_orientations_of_a_scan_are_the_same_canonical_volume(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    expected, matrix = image((6, 7, 8)), canonical_affine((5.0, 0.9, 0.8), (8, -11, 6))
    volume = from_file(*reorient(expected, matrix, order, flips))
    np.testing.assert_array_equal(volume.array, expected)
    np.testing.assert_allclose(volume.affine, matrix, atol=1e-12)
    assert volume.spacing_mm == pytest.approx((5.0, 0.9, 0.8))
    assert volume.voxel_mm3 == pytest.approx(5.0 * 0.9 * 0.8)


@settings(max_examples=100, deadline=None)
@given(
    orientation=st.sampled_from(ORIENTATIONS),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    spacing_mm=st.tuples(*[st.floats(0.3, 8)] * 3),
    degrees=st.tuples(*[st.floats(-180, 180)] * 3),
)
def test_what_goes_in_comes_back_on_the_file_s_own_grid(
    orientation: tuple[tuple[int, ...], tuple[bool, ...]],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    degrees: tuple[float, float, float],
) -> None:
    data, matrix = reorient(image(shape), canonical_affine(spacing_mm, degrees), *orientation)
    volume = from_file(data, matrix)
    np.testing.assert_array_equal(volume.to_source(volume.array), data)
    # One and the same voxel lies at one and the same place, whichever way it is counted.
    index = np.zeros(data.shape, np.int64)
    index[tuple(n - 1 for n in data.shape)] = 1
    d, h, w = np.argwhere(from_file(index, matrix).array)[0]
    expected = matrix @ [*(n - 1 for n in data.shape), 1]
    np.testing.assert_allclose(volume.affine @ [d, h, w, 1], expected, atol=1e-9)


def test_masks_keep_their_type_on_the_way_back() -> None:
    volume = from_file(image(), np.eye(4))
    assert volume.to_source(volume.array > 100).dtype == np.bool_


def test_a_volume_without_a_file_is_written_in_ras_order() -> None:
    array = image((5, 6, 7), np.float32)
    matrix = canonical_affine((3.0, 1.0, 1.0), (0, 0, 0))
    volume = Volume.from_canonical(array, matrix)
    assert volume.source.shape == (7, 6, 5)
    np.testing.assert_array_equal(volume.source.affine[:3, :3], np.diag([1.0, 1.0, 3.0]))
    np.testing.assert_array_equal(volume.to_source(array), array.transpose(2, 1, 0)[::-1, ::-1])
    np.testing.assert_allclose(from_file(volume.to_source(array), volume.source.affine).affine, matrix)


def test_the_array_cannot_be_changed_through_the_volume_nor_through_the_caller_s_own() -> None:
    mine = image((4, 4, 4), np.float32)
    volume = Volume.from_canonical(mine, np.eye(4))
    before = volume.array.copy()
    mine[:] = 0
    np.testing.assert_array_equal(volume.array, before)
    with pytest.raises(ValueError, match="read-only"):
        volume.array[0, 0, 0] = 1


def test_a_slice_is_not_a_volume() -> None:
    with pytest.raises(ScanError) as refusal:
        Volume(image((4, 4)), np.eye(4), SourceGrid((4, 4, 1), np.eye(4)))
    assert refusal.value.code == "dims"


def test_arrays_of_another_shape_are_refused() -> None:
    volume = from_file(image((4, 5, 6)), np.eye(4))
    with pytest.raises(ValueError, match=r"array must be \(6, 5, 4\)"):
        volume.to_source(np.zeros((4, 5, 6)))
    with pytest.raises(ValueError, match="data must be"):
        Volume.from_source(image((4, 5, 7)), volume.source)
