"""What is read out under the pointer is the file's own value at that place, in every plane."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess import Prepared, PreprocessConfig
from uad_core.render.planes import PLANES
from uad_core.render.readout import BEYOND, file_values
from uad_core.render.views import plane_views, plane_voxel

SLAB = Slab(60, 20)
MOVED = (1, 3, -2)  # voxels of the file, from the slab's


def prepared(values: np.ndarray) -> Prepared:
    """A file on a grid of its own, `MOVED` against the slab; the prepared scan is another picture altogether."""
    brain = np.zeros(SLAB.shape, bool)
    brain[:, 60:120, 70:130] = True
    to_world = SLAB.to_world @ AffineTransform.shift(*(-step for step in MOVED))
    scan = Volume.from_canonical(values, to_world.matrix)
    array = np.where(brain, np.float32(0.5), np.float32(0))
    return Prepared(scan, array, brain, AffineTransform.identity(), PreprocessConfig(slab=SLAB))


def read(found, column, row):
    high, low, beyond = np.asarray(Image.open(io.BytesIO(found.png)))[row, column].tolist()
    return None if beyond == BEYOND else found.low + found.step * (256 * high + low)


@pytest.fixture(scope="module")
def whole_numbers():
    return np.random.default_rng(0).integers(-500, 30_000, SLAB.shape).astype(np.float32)


@pytest.mark.parametrize("plane", range(3))
def test_a_pixel_reads_the_files_value_at_the_voxel_that_it_shows(whole_numbers, plane):
    head, voxel = prepared(whole_numbers), (10, 90, 100)
    found = file_values(head, PLANES[plane], (voxel[0], voxel[1] - 54, voxel[2] - 64)[plane])  # 6 pixels of margin
    shape = np.asarray(Image.open(io.BytesIO(plane_views(head, head.brain_mask, voxel)[plane].scan))).shape
    assert np.asarray(Image.open(io.BytesIO(found.png))).shape[:2] == shape
    for column, row in ((5, 6), (30, 12), (11, 3)):
        d, h, w = plane_voxel(head, voxel, plane, column, row)
        there = (d + MOVED[0], h + MOVED[1], w + MOVED[2])
        assert read(found, column, row) == (whole_numbers[there] if there[0] < 20 else None)


def test_fractions_are_read_to_a_part_of_their_range(whole_numbers):
    values = whole_numbers / 7919
    found = file_values(prepared(values), "axial", 4)
    assert read(found, 20, 30) == pytest.approx(
        values[4 + 1, 54 + 30 + 3, 64 + 20 - 2], abs=float(np.ptp(values)) / 65535
    )


def test_what_lies_beyond_the_file_has_no_value(whole_numbers):
    head = prepared(whole_numbers)
    assert read(file_values(head, "axial", 19), 20, 30) is None
    assert read(file_values(replace(head, transform=AffineTransform.shift(999, 0, 0)), "axial", 4), 20, 30) is None
