"""The slab and the way back: one resampling each."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE, Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.slab import from_slab, mask_to_slab, resample, to_slab, widened

SLAB = Slab(70, 6)
HERE = AffineTransform.identity()


@pytest.fixture(scope="module")
def scan():
    """Noise on the atlas grid."""
    return Volume.from_canonical(np.random.default_rng(0).random(ATLAS_SHAPE, dtype=np.float32), ATLAS_AFFINE)


def test_a_scan_on_the_atlas_grid_is_cut_and_padded_by_eight_and_not_changed(scan):
    array, mask = to_slab(scan, np.ones(scan.shape, bool), HERE, SLAB)
    assert array.shape == (6, 256, 256)
    np.testing.assert_allclose(array[:, 8:248, 8:248], scan.array[70:76], atol=1e-6)
    assert mask[:, 8:248, 8:248].all()
    assert mask.sum() == 6 * 240 * 240


def test_a_mask_comes_back_to_the_same_voxels_on_an_atlas_grid_scan(scan):
    mask = np.zeros(SLAB.shape, bool)
    mask[:, 8:248, 8:248] = np.random.default_rng(1).random((6, 240, 240)) > 0.9
    back = from_slab(mask, SLAB, HERE, scan, order=0)
    assert back.dtype == bool
    np.testing.assert_array_equal(back[70:76], mask[:, 8:248, 8:248])
    assert not back[:70].any()
    assert not back[76:].any()
    np.testing.assert_array_equal(mask_to_slab(back, scan, HERE, SLAB), mask)


def test_resampling_agrees_with_scipy():
    rng = np.random.default_rng(2)
    array = ndimage.gaussian_filter(rng.random((20, 24, 28)), 1.5).astype(np.float32)
    voxel_map = np.eye(4)
    voxel_map[:3, :3] += rng.normal(0, 0.05, (3, 3))
    voxel_map[:3, 3] = (1.3, -0.7, 2.2)
    voxel_map = np.round(voxel_map, 6)
    places = np.indices((15, 22, 26)).reshape(3, -1).T @ voxel_map[:3, :3].T + voxel_map[:3, 3]
    inside = ((places > 0) & (places < np.array(array.shape) - 1)).all(axis=1).reshape(15, 22, 26)
    assert inside.mean() > 0.7  # at the border scipy fades to 0 where ITK holds the last voxel
    for order in (0, 1):
        ours = resample(array, AffineTransform(voxel_map), (15, 22, 26), order)
        theirs = ndimage.affine_transform(array, voxel_map, output_shape=(15, 22, 26), order=order, mode="constant")
        np.testing.assert_allclose(ours[inside], theirs[inside], atol=2e-6)


def test_a_stripped_scan_and_a_head_with_a_mask_give_the_same_slab(scan):
    turned = AffineTransform(np.array([[0.98, 0.1, 0, -3], [-0.1, 0.97, 0.05, 2], [0, -0.05, 1, 1], [0, 0, 0, 1.0]]))
    brain = np.zeros(scan.shape, bool)
    brain[40:120, 60:180, 70:170] = True
    head = replace(scan, array=scan.array + 5)
    stripped = replace(head, array=np.where(brain, head.array, 0))
    for one, other in zip(to_slab(head, brain, turned, SLAB), to_slab(stripped, brain, turned, SLAB), strict=True):
        np.testing.assert_array_equal(one, other)
    array, inside = to_slab(stripped, brain, turned, SLAB)
    assert array[inside].min() > 4.9  # no dark rim from the zeroed background


def test_beyond_the_scan_there_is_nothing():
    small = Volume.from_canonical(np.ones((5, 50, 50), np.float32), ATLAS_AFFINE)
    array, mask = to_slab(small, np.ones(small.shape, bool), HERE, SLAB)
    assert not array.any()
    assert not mask.any()


def test_a_slab_widens_up_to_the_ends_of_the_atlas():
    assert widened(Slab(70, 20), 5) == (Slab(65, 30), slice(5, 25))
    assert widened(Slab(2, 20), 5) == (Slab(0, 27), slice(2, 22))
    assert widened(Slab(0, 155), 5) == (Slab(0, 155), slice(0, 155))


def test_an_order_other_than_nearest_and_linear_is_refused():
    with pytest.raises(ValueError, match="order"):
        resample(np.zeros((2, 2, 2)), HERE, (2, 2, 2), 3)
