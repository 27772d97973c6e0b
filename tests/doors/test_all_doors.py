"""One raw head, the default setting, and every door: the same mask, byte for byte."""

import gzip
import io
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from pydicom import dcmread

from benchmarks.bids_app import command
from tests.support.dicom_files import series
from tests.support.http_door import serving
from tests.support.orthanc import missing, orthanc
from uad_core import detect
from uad_core.detect.export import export
from uad_core.detect.presets import usual_config
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan

RAW_HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"


def detected(scan, out):
    """The command line on one scan; the folder of its results."""
    words = [sys.executable, "-m", "uad_core", "detect", str(scan), "--out", str(out)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return out


def mask_in(out):
    (path,) = out.rglob("*_mask.nii.gz")
    return path.read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The mask of the command line, as its file."""
    data = mask_in(detected(RAW_HEAD, tmp_path_factory.mktemp("command")))
    assert np.asanyarray(nib.Nifti1Image.from_bytes(gzip.decompress(data)).dataobj).sum() > 100
    return data


def test_python(expected, tmp_path):
    found = detect(RAW_HEAD, tmp_path / "out")
    assert mask_in(tmp_path / "out") == expected
    np.testing.assert_array_equal(found.mask, nib.Nifti1Image.from_bytes(gzip.decompress(expected)).dataobj)


def test_the_apps_download(expected):
    """The steps of `pages/ui/inputs/scan.py` and `pages/ui/detect/results.py`, on bytes as of an upload."""
    checkpoint = load_checkpoint(STRONGEST)
    prepared = prepare_scan(RAW_HEAD.read_bytes(), checkpoint.slab, PrepareOptions(), lambda step, fraction: None)
    reconstruction, config = reconstruct(prepared, checkpoint), usual_config(checkpoint)
    files = export(reconstruction, segment(reconstruction, config), config, "scan")
    (mask,) = [data for name, data in files.items() if name.endswith("_mask.nii.gz")]
    assert mask == expected


def test_the_bids_app(expected, tmp_path):
    place = tmp_path / "dataset" / "sub-01" / "ses-2" / "anat"
    place.mkdir(parents=True)
    (place / "sub-01_ses-2_acq-raw_FLAIR.nii.gz").write_bytes(RAW_HEAD.read_bytes())
    words = command(tmp_path / "dataset", tmp_path / "out", "participant", "--jobs", "1")
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    assert mask_in(tmp_path / "out") == expected


def test_http(expected, tmp_path):
    with serving(tmp_path / "log.txt") as door:
        state = door.finished(door.ask("POST", "/scans", RAW_HEAD.read_bytes())[1]["location"])
        (address,) = [address for name, address in state["files"].items() if name.endswith("_mask.nii.gz")]
        assert door.ask("GET", address)[2] == expected


@pytest.mark.skipif(bool(missing()), reason=missing() or "all there")
def test_orthanc(expected, tmp_path):
    """The head as DICOM: the mask that comes back has the pixels and places of the command line's SEG."""
    image = nib.load(RAW_HEAD)
    (tmp_path / "head").mkdir()
    for number, data in enumerate(series(np.asanyarray(image.dataobj).astype(np.uint16), image.affine)):
        (tmp_path / "head" / f"{number}.dcm").write_bytes(data)
    (path,) = detected(tmp_path / "head", tmp_path / "own").rglob("*_mask.dcm")
    with orthanc(tmp_path, []) as pacs:
        pacs.send(tmp_path / "head")
        pacs.wait(lambda: bool(pacs.series("SEG")), 300)
        came, own = dcmread(io.BytesIO(pacs.instance(pacs.series("SEG")[0]))), dcmread(path)
    np.testing.assert_array_equal(came.pixel_array, own.pixel_array)
    for one, other in zip(came.PerFrameFunctionalGroupsSequence, own.PerFrameFunctionalGroupsSequence, strict=True):
        assert one.PlanePositionSequence == other.PlanePositionSequence
    mask = np.asanyarray(nib.Nifti1Image.from_bytes(gzip.decompress(expected)).dataobj)
    assert own.pixel_array.sum() == mask.sum(), "NIfTI and DICOM of one head are marked alike"
