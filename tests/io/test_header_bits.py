"""Any one bit of a plain NIfTI header that falls over, of all 2,784: no voxel moves or changes without a word."""

import numpy as np

from tools.fuzz_seeds import nifti_seeds
from uad_core.io.nifti.geometry import MAX_APART, corner_distance_mm
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import ScanError

HEADER = 348  # bytes
SCALE = range(8 * 112, 8 * 120)  # bits of scl_slope and scl_inter: what they should be stands nowhere else


def test_a_bit_that_fell_over_in_a_header_is_seen_or_does_not_matter():
    sound = nifti_seeds()[0]
    expected = read_scan(sound)
    refused = noted = harmless = scaled = 0
    for bit in range(8 * HEADER):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            found = read_scan(bytes(damaged))
        except ScanError:
            refused += 1
            continue
        if set(found.notes) - set(expected.notes):
            noted += 1
            continue
        assert found.shape == expected.shape, bit
        assert corner_distance_mm(found.affine, expected.affine, found.shape) <= MAX_APART * min(found.spacing_mm), bit
        if np.array_equal(found.array, expected.array):
            harmless += 1
        else:
            assert bit in SCALE, bit
            line = np.polyfit(expected.array.ravel(), found.array.ravel(), 1)
            np.testing.assert_allclose(np.polyval(line, expected.array), found.array, rtol=1e-3, atol=1e-2)
            scaled += 1  # all grey values by one factor, which normalising takes out
    assert refused > 200
    assert noted > 100
    assert scaled <= 40
    assert refused + noted + harmless + scaled == 8 * HEADER
