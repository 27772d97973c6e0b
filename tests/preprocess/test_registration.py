"""The registration finds transforms that are known, and does not know how a file stores its axes."""

import numpy as np
import pytest
import SimpleITK as sitk
from nibabel.orientations import apply_orientation, inv_ornt_aff
from scipy.spatial.transform import Rotation

from tests.support.blob_brain import ATLAS_LIKE, CENTRE, RADII, grid, scanned
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, SourceGrid, Volume
from uad_core.preprocess.registration import RegistrationTarget, register


@pytest.fixture(scope="module")
def atlas():
    return scanned(*ATLAS_LIKE)


def known(angles_deg, scales, shift_mm):
    """(4, 4) atlas world -> scan world: turned and stretched about the brain's middle, then shifted."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix() @ np.diag(scales)
    matrix[:3, 3] = np.array(shift_mm) - matrix[:3, :3] @ CENTRE
    return matrix


CASES = {
    "thin slices, turned head": (known((10, -4, 6), (1.05, 1.08, 0.97), (3, -8, 20)), (2.0, 1.5, 1.5)),
    "thick slices, small head": (known((-8, 3, -5), (0.93, 0.95, 0.9), (-20, 5, 0)), (6.0, 1.5, 1.5)),
}


def seen(truth, spacing):
    """The body as a scanner sees it that knows nothing of the atlas."""
    extent = np.array([220, 240, 200])  # mm along D, H, W
    shape = tuple(int(n) for n in extent / spacing)
    middle = truth[:3, :3] @ CENTRE + truth[:3, 3]
    corner = middle + np.array([100.0, 120.0, -110.0])
    return scanned(grid(spacing, tuple(corner)), shape, np.linalg.inv(truth))


@pytest.mark.parametrize("case", CASES)
def test_a_known_affine_is_found_to_a_millimetre_and_a_half_on_average(atlas, case):
    truth, spacing = CASES[case]
    scan = seen(truth, spacing)
    found = register(scan, scan.array > 0, RegistrationTarget.of(atlas, atlas.array > 0))
    directions = Rotation.random(200, rng=np.random.default_rng(0)).as_matrix()[:, 0]
    points = CENTRE + directions * RADII * np.linspace(0.2, 1, 200)[:, None]
    error = np.linalg.norm(found.apply(points) - AffineTransform(truth).apply(points), axis=1)
    assert error.mean() < 1.5
    assert error.max() < 3.0


def test_the_same_scan_with_flipped_and_permuted_axes_gives_the_same_bits(atlas):
    truth, _ = CASES["thick slices, small head"]
    scan = seen(truth, (6.0, 3.0, 3.0))
    data = scan.to_source(scan.array)
    # An oblique affine in single precision, as a file holds it: its digits change with every flip.
    oblique = np.eye(4)
    oblique[:3, :3] = Rotation.from_euler("xyz", (7.3, 2.1, -3.7), degrees=True).as_matrix()
    affine = (oblique @ scan.source.affine).astype(np.float32).astype(float)
    results = []
    for order, signs in (((0, 1, 2), (1, 1, 1)), ((2, 0, 1), (-1, 1, -1)), ((1, 0, 2), (-1, -1, -1))):
        turn = np.column_stack([order, signs])
        turned = apply_orientation(data, turn)
        turned_affine = (affine @ inv_ornt_aff(turn, data.shape)).astype(np.float32).astype(float)
        volume = Volume.from_source(turned, SourceGrid(turned.shape, turned_affine))
        found = register(volume, volume.array > 0, RegistrationTarget.of(atlas, atlas.array > 0))
        results.append(np.linalg.inv(volume.affine) @ found.matrix)
        first = Volume.from_source(data, SourceGrid(data.shape, affine))
        np.testing.assert_array_equal(volume.array, first.array)
    for result in results[1:]:  # seen from the voxels, the world's offset gone: equal but for its last digits
        np.testing.assert_allclose(result, results[0], rtol=0, atol=1e-5)


def test_the_search_repeats_to_the_last_bit_and_leaves_the_thread_count_alone(atlas):
    truth, _ = CASES["thick slices, small head"]
    scan = seen(truth, (6.0, 3.0, 3.0))
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    first = register(scan, scan.array > 0, RegistrationTarget.of(atlas, atlas.array > 0))
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        second = register(scan, scan.array > 0, RegistrationTarget.of(atlas, atlas.array > 0))
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    np.testing.assert_array_equal(first.matrix, second.matrix)
    assert sitk.ProcessObject.GetGlobalDefaultNumberOfThreads() == before


def test_an_empty_brain_mask_is_an_error(atlas):
    with pytest.raises(ScanError) as error:
        register(atlas, np.zeros(atlas.shape, bool), RegistrationTarget.of(atlas, atlas.array > 0))
    assert error.value.code == "registration_failed"
