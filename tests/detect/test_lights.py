"""What speaks against a result stands in its JSON, in its report, on the command line and in the app alike."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from streamlit.testing.v1 import AppTest

import uad_core.detect.lights as module
from tests.support.dicom_files import head, series
from uad_core import detect
from uad_core.__main__ import main
from uad_core.detect.lights import stamp
from uad_core.doors import one_scan
from uad_core.doors.thumbnail import thumbnail
from uad_core.io.dicom.seg import encode_dicom_seg
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.quality import Check
from uad_core.render.colours import STAMP_COLOUR

SCAN = SAMPLES / "sub-healthy01_FLAIR.nii.gz"
FOUND = (
    Check("Contrast", "red", "This is no FLAIR.", "fluid 9, at most 3"),
    Check("Slice thickness", "amber", "Slices are thick."),
    Check("Shading", "green", "The shading was evened out."),
)


@pytest.fixture
def red(monkeypatch):
    """Every scan is of the wrong contrast, and thick."""
    monkeypatch.setattr(module, "run_checks", lambda *scans: FOUND)


def test_json_report_and_command_line_say_the_same_and_every_picture_of_the_mask_is_stamped(red, tmp_path, capsys):
    assert main(["detect", str(SCAN), "--out", str(tmp_path), "--model", "sae3"]) == 0
    said = capsys.readouterr().out
    record = json.loads(next(tmp_path.rglob("*_mask.json")).read_text())
    report = next(tmp_path.rglob("*.html")).read_text()
    assert "This is no FLAIR. (fluid 9, at most 3)" in record["Warnings"]
    for sentence in record["Warnings"]:
        assert sentence in said
        assert sentence in report
    assert "Red light: Contrast." in said
    assert report.count("Red light: Contrast") == report.count(", overlay") > 0


def test_a_green_scan_has_no_stamp(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(module, "run_checks", lambda *scans: FOUND[1:])
    assert main(["detect", str(SCAN), "--out", str(tmp_path), "--model", "sae3"]) == 0
    assert "Red light" not in capsys.readouterr().out + next(tmp_path.rglob("*.html")).read_text()


def test_pictures_thumbnails_tables_and_dicom_carry_a_red_light_too(red, tmp_path, capsys):
    words = [str(SCAN), "--model", "sae3", "--out", str(tmp_path / "picture.png")]
    assert main(["picture", *words]) == 0
    assert "This is no FLAIR. (fluid 9, at most 3)" in capsys.readouterr().out
    assert is_stamped(Image.open(tmp_path / "picture.png"))
    found = detect(SCAN, model="sae3")
    assert is_stamped(Image.open(io.BytesIO(thumbnail(found))).convert("RGB"))
    assert "Red light: Contrast. " in one_scan._about(found)["warnings"]
    assert "Slices are thick." in one_scan._about(found)["warnings"]
    scan = read_scan(series(head((12, 10, 8))))
    seg = dcmread(io.BytesIO(encode_dicom_seg(scan.array > 500, scan, "sae3", "Red light: Contrast")))
    assert seg.SeriesDescription == "Red light: Contrast, not for diagnosis"


def is_stamped(picture):
    """Whether some of it, and not much, is of the stamp's red."""
    near = np.abs(np.asarray(picture).astype(int) - STAMP_COLOUR).max(axis=2) < 24
    return 0.002 < near.mean() < 0.2


def test_compare_stamps_the_masks_and_their_agreement(red):
    from tests.pages.test_page_logic import settled

    app = AppTest.from_file(ROOT / "navigation.py", default_timeout=120)
    for _ in range(2):
        app.query_params["scan"], app.query_params["models"] = "sub-healthy01", ["sae3", "intensity"]
        app.run()
        app.switch_page("pages/compare.py")
    settled(app.run())
    panels = [str(one.proto) for one in app.get("bidi_component")]
    assert sum(one.count("Red light: Contrast") for one in panels) == 3  # two masks, and what they share


@pytest.mark.parametrize("view", ["Slice", "Three planes", "3-D"])
def test_the_app_says_the_same_and_stamps_the_mask(red, view):
    from tests.pages.test_page_logic import settled

    app = AppTest.from_file(ROOT / "navigation.py", default_timeout=120)
    app.query_params["view"], app.query_params["scan"], app.query_params["model"] = view, "sub-healthy01", "sae3"
    app.run()
    app.switch_page("pages/detect.py")
    app.query_params["view"], app.query_params["scan"], app.query_params["model"] = view, "sub-healthy01", "sae3"
    settled(app.run())
    cautions = [one.value for one in app.warning]
    assert "This is no FLAIR. (fluid 9, at most 3)" in cautions
    assert "Slices are thick." in cautions
    panels = [one.proto for one in app.get("bidi_component")]
    assert any("Red light: Contrast" in str(one) for one in panels)


def test_a_stamp_names_every_red_light():
    assert stamp([]) == ""
    assert stamp(["Contrast", "Skull"]) == "Red light: Contrast, Skull"
