"""What says the same in other words is the same volume: order, names, elements, axes."""

from __future__ import annotations

import io
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from tests.support.dicom_files import CANARY, head, oblique, series, slice_dataset, to_bytes, zipped
from tests.support.nifti_files import ORIENTATIONS, affine, gz, image, nifti, reorient
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import Volume

SAYS_NOTHING = {  # elements that no reader needs -> values
    "ImageComments": ["", CANARY, "1.2.840.10008.1.2.1.99"], "AcquisitionNumber": ["1", "77"], "Manufacturer": [CANARY],
    "StationName": ["A", "B"], "WindowCenter": ["300", "40"], "SliceLocation": ["0", "-99"], "SoftwareVersions": ["7"],
    "InstanceNumber": ["1", "900"], "AcquisitionTime": ["101010", ""], "PatientPosition": ["HFS", "FFP"],
}  # fmt: skip
NAMES = st.text("abcDEF0123.ü _-", min_size=1, max_size=12).map(lambda text: f"x{text}")


def same(volume: Volume, expected: Volume, within_mm: float = 1e-4) -> None:
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_allclose(volume.affine, expected.affine, atol=within_mm)


@given(
    seed=st.integers(0, 10**6),
    changes=st.fixed_dictionaries({}, optional={name: st.sampled_from(v) for name, v in SAYS_NOTHING.items()}),
    names=st.lists(NAMES, min_size=8, max_size=8, unique_by=str.lower),
    packing=st.sampled_from(["folder", "zip", "bytes"]),
)
@settings(max_examples=60, deadline=None)
def test_a_series_is_the_same_in_any_order_under_any_names_with_any_further_elements(seed, changes, names, packing):
    files = series(**changes)
    random.Random(seed).shuffle(files)
    expected = read_scan(series())
    if packing == "bytes":
        same(read_scan(files), expected)
    elif packing == "zip":
        same(read_scan(zipped(dict(zip(names, files, strict=True)))), expected)
    else:
        with TemporaryDirectory() as folder:
            for name, data in zip(names, files, strict=True):
                (Path(folder) / name).write_bytes(data)
            same(read_scan(Path(folder)), expected)


@given(st.permutations(range(8)), st.booleans(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_series_is_the_same_whichever_way_its_rows_columns_and_slices_run(order, across, down):
    pixels, matrix = reorient(head(), oblique(), (0, 1, 2), (across, down, False))
    files = [to_bytes(slice_dataset(pixels, matrix, k, InstanceNumber=n + 1)) for n, k in enumerate(order)]
    same(read_scan(files), read_scan(series()))


@given(st.sampled_from(ORIENTATIONS), st.sampled_from([1, 2]), st.sampled_from("<>"), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_nifti_file_is_the_same_in_any_order_of_axes_version_and_byte_order(orientation, version, order, by_qform):
    data, matrix = reorient(image(), affine(), *orientation)
    fields = {}
    if by_qform:
        header = nib.Nifti1Header()
        header.set_qform(matrix, 1)
        names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z", "pixdim")
        fields = {name: header[name] for name in names} | {"qform_code": 1, "sform_code": 0}
    content = gz(nifti(data, matrix, version=version, order=order, **fields))
    same(read_scan(content), read_scan(gz(nifti())), 0.01)  # the quaternion's single precision, far from 0


@given(st.permutations(["PatientComments", "InstitutionName", "StudyTime", "SeriesNumber", "PatientBirthDate"]))
@settings(max_examples=10, deadline=None)
def test_elements_that_are_gone_and_come_again_change_nothing(names):
    files = []
    for data in series():
        dataset = dcmread(io.BytesIO(data))
        for name in names:
            value = dataset.get(name)
            delattr(dataset, name)
            setattr(dataset, name, value)
        files.append(to_bytes(dataset))
    same(read_scan(files), read_scan(series()))
