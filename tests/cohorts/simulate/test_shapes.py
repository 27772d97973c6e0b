"""Label maps, partial volume and random shapes."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from tests.support.phantoms import SMALL, placed, random_shape
from uad_core.atlas.space import ATLAS_AFFINE
from uad_core.atlas.template import TISSUES, template
from uad_core.cohorts.simulate.anatomy import SOFT_MAX, soften
from uad_core.cohorts.simulate.deform import (
    BOX,
    STEP,
    Deformation,
    exponential,
    node_shape,
    resample,
    upsampled,
)
from uad_core.cohorts.simulate.label_map import LabelMap, read_label_map, septum
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.cohorts.simulate.tissues import Tissue, simplified, tissue_of
from uad_core.io.volume import ScanError


@pytest.fixture(scope="module")
def head() -> LabelMap:
    return phantom(1, SMALL)


def test_the_phantom_has_every_tissue_and_its_left_lies_on_the_left(head):
    assert set(np.unique(tissue_of(head.labels))) == set(Tissue)
    for left, right in ((2, 41), (4, 43), (17, 53)):
        where = [np.argwhere(head.labels == label).mean(axis=0) for label in (left, right)]
        assert where[0][2] > where[1][2], "columns run from the patient's right to the left"
    x_of_left_white = head.to_world.apply(np.argwhere(head.labels == 2).mean(axis=0))[0]
    assert x_of_left_white < 0, "the world's x grows to the right"


def test_two_phantoms_of_one_seed_are_equal_and_of_two_seeds_are_not(head):
    np.testing.assert_array_equal(phantom(1, SMALL).labels, head.labels)
    assert phantom(2, SMALL).labels.shape != head.labels.shape or (phantom(2, SMALL).labels != head.labels).any()


def test_the_parcels_of_aparc_become_cortex_and_white_matter():
    assert simplified(np.array([1035, 2035, 3001, 4001, 17, 515])).tolist() == [3, 42, 2, 41, 17, 515]


@pytest.mark.parametrize("axes", ["RAS", "LIA", "PSR"])
def test_a_label_map_reads_the_same_in_any_orientation_of_its_file(head, axes, tmp_path):
    wanted = nib.orientations.axcodes2ornt(axes)
    image = nib.Nifti1Image(head.labels, head.to_world.matrix).as_reoriented(
        nib.orientations.ornt_transform(nib.io_orientation(head.to_world.matrix), wanted)
    )
    nib.save(image, tmp_path / "head.nii.gz")
    read = read_label_map(tmp_path / "head.nii.gz")
    np.testing.assert_array_equal(read.labels, head.labels)
    np.testing.assert_allclose(read.to_world.matrix, head.to_world.matrix, atol=1e-4)
    assert read.name == "head"


@pytest.mark.parametrize("fill", [0, 2.5, -1])
def test_a_file_without_a_brain_in_it_is_refused(fill, tmp_path):
    nib.save(nib.Nifti1Image(np.full((8, 8, 8), fill, np.float32), np.eye(4)), tmp_path / "no.nii.gz")
    with pytest.raises(ScanError) as refused:
        read_label_map(tmp_path / "no.nii.gz")
    assert refused.value.code == "labels"


def test_soft_memberships_sum_to_one_in_every_voxel(head):
    anatomy = soften(head, 0.55)
    assert (anatomy.memberships.sum(axis=0, dtype=int) == SOFT_MAX).all()
    moved = resample(placed(anatomy), random_shape(3))
    np.testing.assert_allclose(moved.maps.sum(axis=0), 1, atol=1e-5)
    assert moved.maps.min() > -1e-5
    assert not (moved.brain & ~moved.near).any()


def test_the_brain_outline_is_one_piece_without_holes_in_its_levels(head):
    mask = soften(head, 0.55).brain_mask
    assert ndimage.label(mask)[1] == 1
    assert all((ndimage.binary_fill_holes(level) == level).mean() > 0.999 for level in mask)


def test_the_septum_is_where_left_and_right_ventricle_touch():
    labels = np.zeros((1, 2, 5), int)
    labels[0, 0] = [0, 43, 43, 4, 4]
    labels[0, 1] = [4, 4, 0, 43, 43]
    assert septum(labels).astype(int).tolist() == [[[0, 0, 0, 1, 0], [0, 0, 0, 0, 0]]]


def jacobian(displacement: np.ndarray) -> np.ndarray:
    """(d, h, w) determinant of the derivative of x + displacement(x), displacement in voxels of its grid."""
    columns = [np.stack(np.gradient(axis)) for axis in displacement]
    derivative = np.moveaxis(np.stack(columns), (0, 1), (-2, -1)) + np.eye(3)
    return np.linalg.det(derivative)


def test_every_random_shape_is_a_diffeomorphism():
    for seed in range(6):
        shape = random_shape(seed)
        assert jacobian(shape.displacement / STEP).min() > 0.2
        assert np.linalg.det(shape.affine.matrix[:3, :3]) > 0.8


def test_a_constant_velocity_flows_to_the_same_constant_displacement():
    velocity = np.zeros((3, 8, 8, 8))
    velocity[1] = 1.5
    np.testing.assert_allclose(exponential(velocity), velocity, atol=1e-12)


def test_a_linear_velocity_flows_as_the_matrix_exponential():
    rows = np.arange(64, dtype=float)
    velocity = np.zeros((3, 3, 64, 3))
    velocity[1] = (-0.2 * rows)[None, :, None]  # dx/dt = -0.2 x, so x(1) = exp(-0.2) x(0); it stays in the grid
    flow = exponential(velocity, squarings=10)[1, 1, :, 1]
    np.testing.assert_allclose(rows + flow, np.exp(-0.2) * rows, rtol=5e-5)


def test_the_jacobian_of_a_stretch_is_the_product_of_its_factors():
    grid = np.indices((5, 5, 5), dtype=float)
    stretch = grid * np.array([0.1, 0.2, -0.3])[:, None, None, None]
    np.testing.assert_allclose(jacobian(stretch), 1.1 * 1.2 * 0.7)


def test_nodes_are_interpolated_linearly_onto_the_voxels():
    depth, height, width = np.indices(node_shape(), dtype=float) * STEP
    values = upsampled(depth - 2 * height + 3 * width)
    d, h, w = (np.arange(s.start, s.stop, dtype=float) for s in BOX)
    expected = d[:, None, None] - 2 * h[None, :, None] + 3 * w[None, None, :]
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-3)


def test_a_mirrored_anatomy_is_the_mirror_image_in_the_atlas(head):
    anatomy = placed(soften(head, 0.55))
    plain, mirrored = (resample(a, Deformation.identity()) for a in (anatomy, anatomy.mirrored()))
    # the box is cut unevenly: columns 43 to 196 of 240, whose mirror is 43 to 196
    np.testing.assert_array_equal(mirrored.brain, plain.brain[:, :, ::-1])


def test_the_shipped_template_is_a_brain_on_the_atlas_grid():
    atlas = template()
    assert atlas.tissues.shape == atlas.flair.shape == (155, 240, 240)
    np.testing.assert_array_equal(atlas.flair.affine, ATLAS_AFFINE)
    assert set(np.unique(atlas.tissues)) == {0, *TISSUES}
    np.testing.assert_array_equal(atlas.flair.array > 0, atlas.brain_mask)
    mean = {name: atlas.flair.array[atlas.tissues == key].mean() for key, name in TISSUES.items()}
    assert mean["ventricles"] < 0.5 * mean["white matter"] < 0.5 * mean["cortex"] * 1.1
    middle = np.argwhere(atlas.brain_mask).mean(axis=0)
    assert abs(middle[2] - 119.5) < 2, "the brain is centred on the midplane"


def test_the_template_lies_on_sri24(shared_data):
    tissues = np.asarray(nib.load(shared_data / "sri24" / "tissues.nii.gz").dataobj).squeeze()
    sri24 = tissues.transpose(2, 1, 0)[:, ::-1] > 0  # its file runs L, A, S
    ours = template().brain_mask
    assert 2 * (ours & sri24).sum() / (ours.sum() + sri24.sum()) >= 0.95
