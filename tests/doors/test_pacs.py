"""A real Orthanc: a FLAIR comes back with its mask, anything else is left alone, and no line of a log names anybody."""

import io
import subprocess

import nibabel as nib
import numpy as np
import pytest
from highdicom.seg import segread
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.support.dicom_files import CANARY, series
from tests.support.heads import small_head
from tests.support.orthanc import missing, orthanc, program
from uad_core.__main__ import main
from uad_core.io.paths import ROOT

SETTING = ["--model", "intensity", "--slab", "paper", "--median-size", "3", "--no-strip", "--no-register"]
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all there")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A FLAIR series and a T1 series of one study, each as a folder of files."""
    pytest.importorskip("dicomweb_client", reason="the packages of requirements-pacs.txt are not installed")
    image, place = small_head(), tmp_path_factory.mktemp("dicom")
    pixels = np.rint(image.get_fdata() * 10).astype(np.uint16)
    study, frame = generate_uid(), generate_uid()
    for name, description in (("flair", f"t2 FLAIR {CANARY}"), ("t1", f"t1 mprage {CANARY}")):
        own = {"StudyInstanceUID": study, "FrameOfReferenceUID": frame, "SeriesInstanceUID": generate_uid()}
        (place / name).mkdir()
        for number, data in enumerate(series(pixels, image.affine, SeriesDescription=description, **own)):
            (place / name / f"{number}.dcm").write_bytes(data)
    return place


@pytest.fixture(scope="module")
def pacs(folders, tmp_path_factory):
    with orthanc(tmp_path_factory.mktemp("orthanc"), SETTING) as one:
        one.send(folders / "flair")
        one.send(folders / "t1")
        one.wait(lambda: one.log.read_text().count("uad: series") >= 4)
        yield one


@pytest.fixture(scope="module")
def own(folders, tmp_path_factory):
    """The SEG of the command line."""
    out = tmp_path_factory.mktemp("own")
    assert main(["detect", str(folders / "flair"), "--out", str(out), *SETTING]) == 0
    (path,) = out.rglob("*_mask.dcm")
    return dcmread(path)


def same_seg(one, other):
    np.testing.assert_array_equal(one.pixel_array, other.pixel_array)
    assert one.pixel_array.any()
    for first, second in zip(one.PerFrameFunctionalGroupsSequence, other.PerFrameFunctionalGroupsSequence, strict=True):
        assert first.PlanePositionSequence == second.PlanePositionSequence
    assert one.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence == (
        other.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    )
    assert one.FrameOfReferenceUID == other.FrameOfReferenceUID


def test_a_flair_comes_back_with_the_mask_of_the_command_line_in_its_study(pacs, own, folders):
    (mask,), scans = pacs.series("SEG"), pacs.series("MR")
    assert {one["ParentStudy"] for one in scans} == {mask["ParentStudy"]}
    came = dcmread(io.BytesIO(pacs.instance(mask)))
    same_seg(came, own)
    flair = dcmread(next((folders / "flair").iterdir()))
    assert came.ReferencedSeriesSequence[0].SeriesInstanceUID == flair.SeriesInstanceUID


def test_the_summary_refers_to_the_mask_and_holds_the_volumes(pacs, own):
    (report,), (mask,) = pacs.series("SR"), pacs.series("SEG")
    found = dcmread(io.BytesIO(pacs.instance(report)))
    segment = dcmread(io.BytesIO(pacs.instance(mask)))
    items = [item for item in found.iterall() if item.keyword in ("TextValue", "ReferencedSOPInstanceUID")]
    values = [item.value for item in items]
    assert segment.SOPInstanceUID in values
    assert "all that is above the threshold" in values
    assert any(str(value).startswith("region 1: ") for value in values)
    volumes = [float(item.value) for item in found.iterall() if item.keyword == "NumericValue"]
    assert volumes[0] == pytest.approx(sum(volumes[1:]), abs=0.1)


def test_another_contrast_is_left_alone_with_a_reason_that_names_nobody(pacs):
    log = pacs.log.read_text()
    said = [line for line in log.splitlines() if "uad: series" in line]
    assert len([line for line in said if "Left alone, since by its header the series is no FLAIR" in line]) == 1
    assert len([line for line in said if "Left alone, since it is no MR." in line]) == 2  # what came back itself
    assert len([line for line in said if "were sent to the PACS" in line]) == 1
    assert len(pacs.series("SEG")) == 1
    assert not any("CANARY" in line for line in said)


def test_what_came_back_is_valid_and_read_by_other_libraries(pacs, tmp_path):
    for modality in ("SEG", "SR"):
        (series_there,) = pacs.series(modality)
        path = tmp_path / f"{modality}.dcm"
        path.write_bytes(pacs.instance(series_there))
        checked = subprocess.run([program("dciodvfy"), str(path)], capture_output=True, text=True)
        said = (checked.stdout + checked.stderr).splitlines()
        assert said[0] == {"SEG": "Segmentation", "SR": "ComprehensiveSR"}[modality], "it was recognised and checked"
        assert [line for line in said if line.startswith("Error")] == []
    assert segread(tmp_path / "SEG.dcm").number_of_segments == 1


def test_the_command_line_takes_a_series_from_a_pacs_and_sends_the_mask_back(folders, own, tmp_path, capsys):
    flair, t1 = (dcmread(next((folders / name).iterdir())) for name in ("flair", "t1"))
    with orthanc(tmp_path, [], with_plugin=False) as pacs:
        pacs.send(folders / "flair")
        pacs.send(folders / "t1")
        url = f"http://127.0.0.1:{pacs.http}/dicom-web"
        words = [
            "detect",
            "--dicomweb",
            url,
            "--study",
            flair.StudyInstanceUID,
            "--out",
            str(tmp_path / "out"),
            *SETTING,
        ]
        assert main([*words, "--series", flair.SeriesInstanceUID, "--store"]) == 0
        (mask,) = pacs.series("SEG")
        same_seg(dcmread(io.BytesIO(pacs.instance(mask))), own)
        capsys.readouterr()
        assert main([*words, "--series", t1.SeriesInstanceUID, "--store"]) == 2
        assert "Left alone, since by its header the series is no FLAIR" in capsys.readouterr().err
        assert main([*words, "--series", "1.2.3"]) == 2
        assert main([*words[:2], url + "/nowhere", *words[3:], "--series", flair.SeriesInstanceUID]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 2
        assert "CANARY" not in said
        assert len(pacs.series("SEG")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name one scan"),
        (["scan.nii", "--dicomweb", "http://x"], "Name one scan"),
        (["scan.nii", "--store"], "go with --dicomweb"),
        (["--dicomweb", "http://x", "--study", "1.2"], "named by --study UID and --series UID"),
        (["scan.nii", "--series", "1.2.3"], "by its number in the list"),
    ],
)
def test_half_an_address_is_a_sentence(words, said, tmp_path, capsys):
    assert main(["detect", *words, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


def test_the_masks_of_nifti_and_dicom_are_one(own, folders, tmp_path):
    image = small_head()
    nib.save(nib.Nifti1Image(np.rint(image.get_fdata() * 10).astype(np.uint16), image.affine), tmp_path / "a.nii.gz")
    assert main(["detect", str(tmp_path / "a.nii.gz"), "--out", str(tmp_path / "out"), *SETTING]) == 0
    (path,) = (tmp_path / "out").rglob("*_mask.nii.gz")
    assert np.asanyarray(nib.load(path).dataobj).sum() == own.pixel_array.sum()
    assert (ROOT / "examples" / "orthanc" / "README.md").exists()
