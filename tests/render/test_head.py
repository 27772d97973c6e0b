"""What the 3-D view gets: the brain's box where it lies in the atlas, and the way from a place to its voxel."""

import gzip
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from uad_core.atlas.space import ATLAS_AFFINE, Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess import Prepared, PreprocessConfig
from uad_core.render.head import head_nifti, mask_nifti, outline_nifti, to_mm, voxel_at

LIT = (5, 100, 70)  # towards the front and the patient's right


@pytest.fixture(scope="module")
def whole() -> Prepared:
    slab = Slab(60, 40)
    brain = np.zeros(slab.shape, bool)
    brain[:, 40:200, 60:190] = True
    array = np.where(brain, np.float32(0.2), np.float32(0))
    array[LIT] = 1.0
    scan = Volume.from_canonical(array, slab.affine)
    return Prepared(scan, array, brain, AffineTransform.identity(), PreprocessConfig(slab=slab))


def image(data: bytes):
    return nib.Nifti1Image.from_bytes(gzip.decompress(data))


def test_a_voxel_keeps_its_grey_and_its_place_in_the_atlas(whole):
    shown = image(head_nifti(whole))
    values = np.asanyarray(shown.dataobj)
    assert values.dtype == np.uint8
    assert values.size < whole.array.size / 2  # the brain's box alone
    (lit,) = np.argwhere(values == 255)
    by_hand = ATLAS_AFFINE @ (60 + LIT[0], LIT[1] - 8, LIT[2] - 8, 1)  # a slice is padded by 8 on every side
    np.testing.assert_allclose(shown.affine @ (*lit, 1), by_hand)
    np.testing.assert_allclose(to_mm(whole, LIT), by_hand[:3])


def test_a_mask_of_some_levels_lies_on_the_heads_grid(whole):
    mask = np.zeros((10, 256, 256), bool)
    mask[3, LIT[1], LIT[2]] = True
    found, shown = image(mask_nifti(whole, mask, Slab(62, 10))), image(head_nifti(whole))
    assert found.shape == shown.shape
    np.testing.assert_array_equal(found.affine, shown.affine)
    np.testing.assert_array_equal(np.asanyarray(found.dataobj) == 1, np.asanyarray(shown.dataobj) == 255)


def test_an_outline_is_the_rim_of_a_mask(whole):
    mask = np.zeros(whole.array.shape, bool)
    mask[3:8, 98:103, 68:73] = True
    rim = np.asanyarray(image(outline_nifti(whole, mask)).dataobj)
    assert rim.sum() == 5**3 - 3**3


@pytest.mark.parametrize("voxel", [(0, 0, 0), LIT, (39, 255, 255)])
def test_the_way_back_from_a_place_leads_to_its_voxel(whole, voxel):
    x, y, z = to_mm(whole, voxel)
    assert voxel_at(whole, (x + 0.3, y - 0.3, z + 0.3)) == voxel
    assert voxel_at(whole, (1e4, 1e4, 1e4)) == (39, 0, 0)  # beyond: the crown, the front, the patient's right
    assert voxel_at(replace(whole), (-1e4, -1e4, -1e4)) == (0, 255, 255)
