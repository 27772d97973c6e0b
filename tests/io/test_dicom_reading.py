"""A DICOM series becomes the volume that ITK makes of it, in whatever order, packing or encoding it comes."""

from __future__ import annotations

import io
import random
import re
from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless, generate_uid

from tests.support.dicom_files import (
    LPS,
    corners,
    enhanced,
    head,
    oblique,
    series,
    slice_dataset,
    through_itk,
    to_bytes,
    zipped,
)
from tests.support.nifti_files import gz, nifti
from uad_core.io.dicom.reading import read_dicom
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import ScanError, Volume

PLANES = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=2)]


def turned(order: tuple[int, ...], signs: tuple[int, int]) -> np.ndarray:
    """(4, 4) RAS affine of slices in any plane: axial, coronal or sagittal, and slightly oblique."""
    affine = oblique()
    axes = affine[:3, list(order)] * (*signs, 1)
    axes[:, 2] = np.cross(axes[:, 0], axes[:, 1]) / np.linalg.norm(np.cross(axes[:, 0], axes[:, 1])) * 2.5
    affine[:3, :3] = axes
    return affine


def same_places(volume: Volume, image: sitk.Image) -> float:
    """Distance in mm between the corners of both, at most."""
    places = corners(volume.source.shape)
    ours = nib.affines.apply_affine(LPS @ volume.source.affine, places)
    theirs = [image.TransformContinuousIndexToPhysicalPoint(place.tolist()) for place in places.astype(float)]
    return float(np.abs(ours - theirs).max())


@pytest.mark.parametrize(("order", "signs"), PLANES)
def test_voxels_and_places_are_those_of_itk_whatever_plane_and_file_order(order, signs, tmp_path):
    files = series(affine=turned(order, signs))
    random.Random(0).shuffle(files)
    image = through_itk(files, tmp_path)
    volume = read_dicom(files)
    np.testing.assert_array_equal(volume.to_source(volume.array).T, sitk.GetArrayFromImage(image))
    assert same_places(volume, image) < 1e-4
    assert isinstance(volume, DicomScan)


def test_a_result_written_as_nifti_lies_on_the_series(tmp_path):
    files = series()
    image = through_itk(files, tmp_path)
    volume = read_dicom(files)
    (tmp_path / "result.nii.gz").write_bytes(encode_nifti(volume.array, volume))
    result = nib.load(tmp_path / "result.nii.gz")
    np.testing.assert_array_equal(result.get_fdata(), head())
    places = corners(head().shape)
    ours = nib.affines.apply_affine(LPS @ result.affine, places)
    assert np.abs(ours - [image.TransformIndexToPhysicalPoint(place.tolist()) for place in places]).max() < 1e-4
    again = sitk.ReadImage(str(tmp_path / "result.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(image))


def test_dicom_and_nifti_of_one_scan_are_one_volume():
    dicom, other = read_dicom(series()), read_nifti(gz(nifti(head(), oblique())))
    np.testing.assert_array_equal(dicom.array, other.array)
    np.testing.assert_allclose(dicom.affine, other.affine, atol=1e-5)
    assert set(dicom.notes) == set(other.notes)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_every_integer_type_is_read_as_itk_reads_it(dtype, tmp_path):
    pixels = (head().astype(np.int64) % 250 - (100 if np.dtype(dtype).kind == "i" else 0)).astype(dtype)
    files = series(pixels)
    volume = read_dicom(files)
    np.testing.assert_array_equal(volume.to_source(volume.array), pixels)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(through_itk(files, tmp_path)), pixels.T)


def test_bits_above_those_stored_are_not_part_of_a_value(tmp_path):
    overlaid = head() | (1 << 13)  # as old scanners hid an overlay
    files = [with_overlay(data) for data in series(overlaid, BitsStored=12, HighBit=11)]
    np.testing.assert_array_equal(read_dicom(files).to_source(read_dicom(files).array), head())
    np.testing.assert_array_equal(sitk.GetArrayFromImage(through_itk(files, tmp_path)), head().T)


def with_overlay(data: bytes) -> bytes:
    dataset = dcmread(io.BytesIO(data))
    dataset.add_new((0x6000, 0x0102), "US", 13)  # the bit that holds it
    return to_bytes(dataset)


def test_bits_above_those_stored_that_nothing_explains_are_no_value_to_be_cut():
    with pytest.raises(ScanError, match="damaged"):
        read_dicom(series(head() * 8, BitsStored=12, HighBit=11))
    signed = (head().astype(np.int16) - 500) * 2  # their sign stands in the bits above
    files = series(signed, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(read_dicom(files).to_source(read_dicom(files).array), signed)


def test_each_slice_has_its_own_slope_and_intercept():
    files = [
        to_bytes(slice_dataset(head(), oblique(), k, RescaleSlope=f"{1 + k / 4}", RescaleIntercept=f"{-k}"))
        for k in range(8)
    ]
    volume = read_dicom(files)
    expected = head() * (1 + np.arange(8) / 4) - np.arange(8)
    np.testing.assert_array_equal(volume.to_source(volume.array), expected.astype(np.float32))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_uncompressed_encodings_give_the_same_voxels(syntax):
    files = []
    for k in range(8):
        dataset, buffer = slice_dataset(head(), oblique(), k), io.BytesIO()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset["PixelData"].VR = "OW"
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.ascontiguousarray(head()[:, :, k].T).astype(">u2").tobytes()
        dcmwrite(buffer, dataset, enforce_file_format=True)
        files.append(buffer.getvalue())
    np.testing.assert_array_equal(read_dicom(files).array, read_dicom(series()).array)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compression_without_loss_loses_nothing(syntax, tmp_path):
    files = []
    for k in range(8):
        dataset = slice_dataset(head(), oblique(), k, BitsStored=12, HighBit=11, RescaleSlope="0.5")
        dataset.compress(syntax)
        files.append(to_bytes(dataset))
    volume = read_dicom(files)
    np.testing.assert_array_equal(volume.to_source(volume.array), head() * np.float32(0.5))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(through_itk(files, tmp_path)), head().T * 0.5)


@pytest.mark.parametrize("codec", ["JPEG", "JPEG2000"])
def test_the_lossless_jpegs_of_archives_are_read(codec, tmp_path):
    files = []
    for k in range(8):
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(tmp_path / "one.dcm"))
        writer.SetUseCompression(True)
        writer.SetCompressor(codec)
        writer.Execute(sitk.GetImageFromArray(np.ascontiguousarray(head()[:, :, k].T)))
        packed, dataset = dcmread(tmp_path / "one.dcm"), slice_dataset(head(), oblique(), k)
        assert packed.file_meta.TransferSyntaxUID.is_compressed
        dataset.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
        dataset["PixelData"] = packed["PixelData"]
        files.append(to_bytes(dataset))
    np.testing.assert_array_equal(read_dicom(files).array, read_dicom(series()).array)


def test_an_enhanced_image_of_many_frames_is_put_in_order(tmp_path):
    shuffled = [3, 0, 7, 5, 1, 6, 2, 4]
    volume = read_dicom([enhanced(head(), oblique(), shuffled)])
    np.testing.assert_array_equal(volume.to_source(volume.array), head() * 2.0 - 5)
    assert isinstance(volume, DicomScan)
    assert volume.frames == tuple(shuffled.index(k) for k in range(8))
    (tmp_path / "one.dcm").write_bytes(enhanced(head(), oblique(), range(8)))
    image = sitk.ReadImage(str(tmp_path / "one.dcm"))
    assert same_places(volume, image) < 1e-4
    np.testing.assert_array_equal(volume.to_source(volume.array).T, sitk.GetArrayFromImage(image))


def test_a_study_as_it_leaves_an_archive_is_read_whole_or_zipped_or_as_a_folder(tmp_path):
    expected = read_dicom(series()).array
    catalogue = slice_dataset(head(), oblique(), 0, SOPClassUID="1.2.840.10008.1.3.10", Rows=None, Columns=None)
    members = {f"DICOM/PAT 1/Ä{n}/{n}": data for n, data in enumerate(series())}
    members |= {
        "DICOMDIR": to_bytes(catalogue),
        "viewer/autorun.inf": b"[x]",
        "__MACOSX/._1": b"x",
        "copy": series()[2],
    }
    archive = zipped(members)
    for name, data in members.items():
        (tmp_path / "study" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "study" / name).write_bytes(data)
    (tmp_path / "study.bin").write_bytes(archive)
    for source in (archive, [archive], tmp_path / "study.bin", tmp_path / "study", tuple(members.values())):
        volume = read_scan(source)
        np.testing.assert_array_equal(volume.array, expected)
        assert "2 files of the upload are no MR image and not used." in volume.notes


def test_the_front_door_takes_nifti_as_it_did(tmp_path):
    expected = read_nifti(nifti())
    (tmp_path / "scan.nii").write_bytes(nifti())
    for source in (nifti(), [nifti()], tmp_path / "scan.nii"):
        volume = read_scan(source)
        np.testing.assert_array_equal(volume.array, expected.array)
        assert not isinstance(volume, DicomScan)


def test_of_several_series_the_largest_that_says_flair_is_the_scan():
    flair, small = series(), series(head((12, 10, 4)), SeriesInstanceUID=generate_uid())
    other = series(head(seed=1), SeriesInstanceUID=generate_uid(), SeriesDescription="t1 FLAIR", ProtocolName="mprage")
    volume = read_dicom([*other, *small, *flair])
    np.testing.assert_array_equal(volume.array, read_dicom(flair).array)
    assert re.fullmatch(r"Of 3 series number \d was taken: FLAIR by name, original, axial\.", volume.notes[0])


def test_the_inversion_time_tells_flair_where_the_name_does_not():
    flair = series(SeriesDescription="brain 2", InversionTime="2500")
    other = series(head(seed=1), SeriesInstanceUID=generate_uid(), SeriesDescription="FLAIR?", InversionTime="900")
    np.testing.assert_array_equal(read_dicom([*other, *flair]).array, read_dicom(flair).array)


def test_snapshots_beside_the_series_are_left_aside():
    snapshot = to_bytes(slice_dataset(head(seed=2), oblique(), 0, SeriesInstanceUID=generate_uid()))
    np.testing.assert_array_equal(read_dicom([snapshot, *series()]).array, read_dicom(series()).array)


def test_positions_rounded_by_the_scanner_are_tolerated_with_a_note():
    rough = [f"{round(float(x), 1)}" for x in (LPS @ oblique() @ (0, 0, 3, 1))[:3]]
    files = series()
    files[3] = to_bytes(slice_dataset(head(), oblique(), 3, ImagePositionPatient=rough))
    volume = read_dicom(files)
    assert any("from their even places; taken as even" in note for note in volume.notes)
    np.testing.assert_allclose(volume.affine, read_dicom(series()).affine, atol=1e-5)


def test_loss_by_an_earlier_compression_is_said():
    assert any("compressed with loss" in note for note in read_dicom(series(LossyImageCompression="01")).notes)


def test_reading_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    datasets = [slice_dataset(head(), oblique(), k) for k in range(8)]
    for dataset in datasets:
        dataset.compress(JPEGLSLossless)
    read_dicom([to_bytes(dataset) for dataset in datasets])
    datasets[3].PixelData = encapsulate([b"no picture at all"])
    with pytest.raises(ScanError) as refusal:
        read_dicom([to_bytes(dataset) for dataset in datasets])
    assert refusal.value.code == "compression"
    assert list(tmp_path.iterdir()) == []


def test_a_real_head_as_dicom_is_the_volume_of_its_nifti_file(shared_data, tmp_path):
    path = shared_data / "heads" / "ms12_raw_FLAIR.nii.gz"
    image = nib.load(path)
    files = series(np.asanyarray(image.dataobj), image.affine)
    names = random.Random(0).sample(range(10**6), len(files))
    for name, data in zip(names, files, strict=True):
        (tmp_path / f"IM{name:06d}").write_bytes(data)
    volume, expected = read_scan(tmp_path), read_scan(path)
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_allclose(volume.affine, expected.affine, atol=1e-4)
    assert volume.source.shape == expected.source.shape
