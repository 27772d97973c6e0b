"""A mask goes back to the DICOM series it was found on, voxel for voxel, and says what it is."""

from __future__ import annotations

import io
import json
import random

import highdicom as hd
import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.support.dicom_files import CANARY, FRAME, LPS, STUDY, enhanced, head, oblique, series, through_itk, zipped
from tests.support.heads import CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, mask_of, small_head
from uad_core.detect.from_file import DetectRequest, detect_file
from uad_core.io.dicom.reading import list_series, read_dicom
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.dicom.seg import encode_dicom_seg
from uad_core.pipeline.segment import DetectConfig

NAMES = ("Anna", "Berta", "Clara", "Dora", "Emma", "Frida", "Greta", "Zoe")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def shuffled() -> list[bytes]:
    files = series()
    random.Random(0).shuffle(files)
    return files


def spots(scan: DicomScan) -> np.ndarray:
    """(D, H, W) bool, in three of eight slices, without any symmetry."""
    mask = np.zeros(scan.source.shape, np.bool_)
    mask[2:5, 1:3, 1] = mask[7, 4:9, 2] = mask[11, 9, 6] = True
    return scan_order(mask, scan)


def scan_order(mask: np.ndarray, scan: DicomScan) -> np.ndarray:
    """From the file's axes to the canonical ones, voxel by voxel, by the two affines alone."""
    canonical = np.zeros(scan.shape, np.bool_)
    to_canonical = np.linalg.inv(scan.affine) @ scan.source.affine
    for index in np.argwhere(mask):
        canonical[tuple(np.rint(nib.affines.apply_affine(to_canonical, index)).astype(int))] = True
    return canonical


def frames_by_position(data: bytes) -> dict[tuple[float, ...], np.ndarray]:
    """Position of each frame of a SEG -> its (rows, columns)."""
    dataset = dcmread(io.BytesIO(data))
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    groups = dataset.PerFrameFunctionalGroupsSequence
    places = [tuple(map(float, group.PlanePositionSequence[0].ImagePositionPatient)) for group in groups]
    return dict(zip(places, pixels, strict=True))


@pytest.mark.parametrize("files", [shuffled(), [enhanced(head(), oblique(), [3, 0, 7, 5, 1, 6, 2, 4])]])
def test_a_seg_lies_on_its_series_voxel_for_voxel(files):
    scan = read_dicom(files)
    mask = spots(scan)
    found = frames_by_position(encode_dicom_seg(mask, scan, "denoiser"))
    expected = scan.to_source(mask)
    assert len(found) == 3
    for k in (1, 2, 6):
        place = (LPS @ oblique() @ (0, 0, k, 1))[:3]
        nearest = min(found, key=lambda position: np.linalg.norm(np.array(position) - place))
        assert np.linalg.norm(np.array(nearest) - place) < 1e-4
        np.testing.assert_array_equal(found[nearest], expected[:, :, k].T)


def test_highdicom_and_itk_read_the_seg_in_the_same_place(tmp_path):
    scan = read_dicom(shuffled())
    mask = np.ones(scan.shape, np.bool_)
    mask[:, 3:, 5:] = False
    data = encode_dicom_seg(mask, scan, "denoiser")
    volume = hd.seg.segread(io.BytesIO(data)).get_volume(combine_segments=True)
    expected = scan.to_source(mask)
    to_ours = np.linalg.inv(LPS @ scan.source.affine) @ volume.affine  # its axes: slice, row, column
    for index in np.ndindex(volume.shape):
        i, j, k = np.rint(nib.affines.apply_affine(to_ours, index)).astype(int)
        assert volume.array[index] == expected[i, j, k]
    (tmp_path / "seg.dcm").write_bytes(data)
    image = sitk.ReadImage(str(tmp_path / "seg.dcm"))
    assert sitk.GetArrayFromImage(image).astype(bool).sum() == mask.sum()


def test_a_seg_refers_to_the_slices_that_it_was_drawn_on():
    files = shuffled()
    scan = read_dicom(files)
    seg = dcmread(io.BytesIO(encode_dicom_seg(spots(scan), scan, "denoiser")))
    by_place = {tuple(map(float, d.ImagePositionPatient)): d for d in map(dcmread, map(io.BytesIO, files))}
    for group in seg.PerFrameFunctionalGroupsSequence:
        source = by_place[tuple(map(float, group.PlanePositionSequence[0].ImagePositionPatient))]
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert reference.SpatialLocationsPreserved == "YES"
    assert len(seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 8


def test_a_seg_says_what_it_is_and_what_it_is_not_for():
    scan = read_dicom(series())
    seg = dcmread(io.BytesIO(encode_dicom_seg(spots(scan), scan, "denoiser")))
    (segment,) = seg.SegmentSequence
    assert segment.SegmentLabel == "Anomaly above threshold"
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentAlgorithmName == "uad_core denoiser"
    assert "not for diagnosis" in seg.ContentDescription
    assert "not for diagnosis" in seg.SeriesDescription
    assert (seg.SegmentationType, seg.Modality) == ("BINARY", "SEG")
    corrected = dcmread(io.BytesIO(encode_dicom_seg(spots(scan), scan, "denoiser", by_hand=True)))
    assert corrected.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert "corrected" in corrected.SeriesDescription


def test_a_seg_belongs_to_the_study_and_repeats_no_more_of_it_than_that_takes():
    scan = read_dicom(series(PatientBirthDate="not a date", PatientSex="X"))
    data = encode_dicom_seg(spots(scan), scan, "denoiser")
    seg = dcmread(io.BytesIO(data))
    assert (seg.PatientName, seg.PatientID, seg.StudyInstanceUID) == (CANARY, "CANARY7", STUDY)
    assert seg.FrameOfReferenceUID == FRAME
    assert (seg.PatientBirthDate, seg.PatientSex) == ("", "")  # values that DICOM forbids are not passed on
    kept = {element.keyword for element in seg.iterall() if "CANARY" in str(element.value)}
    assert kept == {"PatientName", "PatientID", "ReferringPhysicianName"}
    assert "CANARY" not in repr(scan)


def test_names_in_any_script_arrive():
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    scan = read_dicom(series(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name))
    seg = dcmread(io.BytesIO(encode_dicom_seg(spots(scan), scan, "denoiser")))
    assert str(seg.PatientName) == name


def test_a_mask_of_no_voxel_is_a_seg_of_empty_frames():
    scan = read_dicom(series())
    found = frames_by_position(encode_dicom_seg(np.zeros(scan.shape, np.bool_), scan, "denoiser"))
    assert len(found) == 8
    assert not any(frame.any() for frame in found.values())


def test_only_a_bool_mask_of_the_scans_shape_is_taken():
    scan = read_dicom(series())
    for mask in (np.zeros(scan.shape), np.zeros((3, 3, 3), np.bool_)):
        with pytest.raises(ValueError, match="must be"):
            encode_dicom_seg(mask, scan, "denoiser")


@pytest.mark.parametrize(
    "files",
    [
        series(FrameOfReferenceUID=None),
        series(SOPInstanceUID=generate_uid()),
        series(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"),
        series(StudyInstanceUID="no UID"),
        [series(PatientID=f"x{k}", PatientName=NAMES[k])[k] for k in range(8)],  # whose would it be?
    ],
)
def test_a_series_that_no_seg_can_refer_to_is_still_a_scan(files):
    scan = read_dicom(files)
    assert not isinstance(scan, DicomScan)
    np.testing.assert_array_equal(scan.array, read_dicom(series()).array)
    assert any("results come as NIfTI only" in note for note in scan.notes)


def test_no_name_is_shown_of_a_series_whose_files_were_given_several():
    described = "t2 flair tra for Clara and zoe"
    files = [series(PatientID=f"x{k}", PatientName=NAMES[k], SeriesDescription=described)[k] for k in range(8)]
    assert [str(entry.title) for entry in list_series(files)] == ["series 3, t2 flair tra for  and "]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The small head of the tests of `detect`, as a NIfTI file and as a folder of DICOM, and what was found."""
    image, place = small_head(), tmp_path_factory.mktemp("detect")
    pixels = np.rint(image.get_fdata() * 10).astype(np.uint16)
    nib.save(nib.Nifti1Image(pixels, image.affine), place / "scan.nii.gz")
    folder = place / CANARY
    folder.mkdir()
    files = series(pixels, image.affine)
    through_itk(files, folder)
    sources = {"nifti": place / "scan.nii.gz", "folder": folder, "zip": zipped(files), "files": files[::-1]}
    return {
        name: detect_file(DetectRequest(source, CHECKPOINT, CONFIG, SHOWN_AS_PREPARED), place / f"{name} out")
        for name, source in sources.items()
    }


def test_detect_finds_the_same_in_a_folder_a_zip_and_files_as_in_nifti(found):
    expected = np.asanyarray(mask_of(found["nifti"]).dataobj)
    assert expected.any()
    assert not any(path.suffix == ".dcm" for path in found["nifti"].files)
    for name in ("folder", "zip", "files"):
        np.testing.assert_array_equal(np.asanyarray(mask_of(found[name]).dataobj), expected)
        (path,) = [path for path in found[name].files if path.suffix == ".dcm"]
        assert path.with_suffix("").name + ".nii.gz" in {other.name for other in found[name].files}
        assert dcmread(path).pixel_array.sum() == expected.sum()


def test_the_other_results_of_dicom_name_nobody(found):
    for path in found["folder"].files:
        data = nib.load(path).header.binaryblock if path.name.endswith(".nii.gz") else path.read_bytes()
        assert (b"CANARY" in data) == (path.suffix == ".dcm")
        assert "CANARY" not in path.name
    record = json.loads(next(path for path in found["folder"].files if path.name.endswith("mask.json")).read_text())
    assert record["ScanShape"] == list(small_head().shape)


def test_nothing_found_is_written_as_an_empty_seg(tmp_path):
    image = small_head()
    files = series(np.rint(image.get_fdata() * 10).astype(np.uint16), image.affine)
    detection = detect_file(DetectRequest(files, CHECKPOINT, DetectConfig(threshold=1.0), SHOWN_AS_PREPARED), tmp_path)
    (path,) = [path for path in detection.files if path.suffix == ".dcm"]
    assert dcmread(path).pixel_array.sum() == 0
