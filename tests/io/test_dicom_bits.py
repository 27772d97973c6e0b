"""Any one bit of a DICOM file's header that falls over: no voxel moves or changes without a word.

`test_header_bits.py` is the same for NIfTI. There are fifteen times as many bits here: each encoding is tried at one in
thirty of them, spread over all elements, and at all of those that say what the pixels are.
"""

import io
import random

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.support.dicom_files import enhanced, head, oblique, series
from uad_core.io.dicom import read_dicom
from uad_core.io.nifti.geometry import MAX_APART, corner_distance_mm
from uad_core.io.volume import ScanError, Volume

PREAMBLE = 128  # bytes that mean nothing
PIXELS = b"\xe0\x7f\x10\x00"  # the tag of PixelData, as it is written
ONE_IN = 30
UNSEEN = 0.02  # of the largest value: so little may a lost intercept change
SLICES = (12, 10, 6)
SCALED = {"RescaleSlope": "2", "RescaleIntercept": "-5", "BitsStored": 12, "HighBit": 11, "PixelPaddingValue": 0,
          "EchoTime": "120", "InversionTime": "2500", "RepetitionTime": "9000", "BodyPartExamined": "BRAIN",
          "ImageType": ["ORIGINAL", "PRIMARY", "M"], "ImagesInAcquisition": 6,
          "SpacingBetweenSlices": "3.0"}  # fmt: skip


def implicit(data: bytes) -> bytes:
    dataset, buffer = pydicom.dcmread(io.BytesIO(data)), io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(buffer, implicit_vr=True, little_endian=True)
    return buffer.getvalue()


FILES = {
    "plain": (series(head(SLICES)), 2),
    "scaled": (series(head(SLICES), **SCALED), 2),
    "implicit": ([implicit(data) for data in series(head(SLICES), **SCALED)], 5),
    "enhanced": ([enhanced(head(SLICES), oblique(), [2, 0, 1, 3, 5, 4])], 0),
}


def bits(data: bytes) -> list[int]:
    """Of the header: some of all, and all of the last elements, which say how the pixels are stored."""
    end = 8 * (data.rindex(PIXELS) + len(PIXELS) + 4)
    everywhere = random.Random(0).sample(range(8 * PREAMBLE, end), (end - 8 * PREAMBLE) // ONE_IN)
    return sorted({*everywhere, *range(end - 8 * 12, end)})


def is_same(found: Volume, expected: Volume) -> bool:
    if found.shape != expected.shape:
        return False
    apart_mm = corner_distance_mm(found.affine, expected.affine, found.shape)
    changed = np.abs(found.array - expected.array).max()
    return apart_mm <= MAX_APART * min(found.spacing_mm) and changed <= UNSEEN * expected.array.max()


@pytest.mark.parametrize("name", FILES)
def test_a_bit_that_fell_over_in_one_slice_is_seen_or_does_not_matter(name):
    files, damaged = FILES[name]
    expected = read_dicom(files)
    ended = {"refused": 0, "noted": 0, "the same": 0}
    for bit in bits(files[damaged]):
        data = bytearray(files[damaged])
        data[bit // 8] ^= 1 << bit % 8
        try:
            found = read_dicom([*files[:damaged], bytes(data), *files[damaged + 1 :]])
        except ScanError:
            ended["refused"] += 1
            continue
        if set(found.notes) - set(expected.notes):
            ended["noted"] += 1
            continue
        assert is_same(found, expected), f"bit {bit % 8} of byte {bit // 8}"
        ended["the same"] += 1
    assert min(ended.values()) > 10, ended


def test_a_slice_that_lost_its_scale_is_refused():
    for lost in ({"RescaleSlope": None}, {"RescaleSlope": "4"}, {"RescaleIntercept": "800"}):
        files = series(head(SLICES), **SCALED)
        files[3] = series(head(SLICES), **(SCALED | lost))[3]
        with pytest.raises(ScanError) as refusal:
            read_dicom(files)
        assert refusal.value.code == "damaged"


def test_values_that_would_be_cut_are_refused():
    files = series(head(SLICES), **(SCALED | {"BitsStored": 8}))
    with pytest.raises(ScanError) as refusal:
        read_dicom(files)
    assert refusal.value.code == "damaged"


def test_a_padding_value_amid_the_tissue_takes_nothing_away():
    values = head(SLICES)
    amid = int(np.sort(values[:, :, 3], axis=None)[values[:, :, 3].size // 2])
    plain, padded = (read_dicom(series(values, **SCALED | {"PixelPaddingValue": n})) for n in (None, amid))
    np.testing.assert_array_equal(padded.array, plain.array)


def test_the_two_encodings_are_what_they_are_called():
    syntaxes = {"plain": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian}
    for name, syntax in syntaxes.items():
        assert pydicom.dcmread(io.BytesIO(FILES[name][0][0])).file_meta.TransferSyntaxUID == syntax
