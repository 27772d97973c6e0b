"""What speaks against a result stands in its JSON, in its report, on the command line and in the app alike."""

import json

import pytest
from streamlit.testing.v1 import AppTest

import uad_core.detect.lights as module
from uad_core.__main__ import main
from uad_core.detect.lights import stamp
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.quality import Check

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
