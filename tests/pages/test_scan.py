"""The page Scan as a user meets it: scans go in, doubts are said, the steps can be looked at, Detect follows."""

import re

import numpy as np
import pytest

from tests.support.dicom_files import CANARY, head, series
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import SAMPLES

RAW_HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"
LONG = 240_000  # ms; brain extraction and registration of a whole head on two busy cores
PICTURES = 6  # three planes, before and after


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.goto(f"{server[0]}/scan")
    page.get_by_text("Bring your own scan").wait_for()
    yield page
    context.close()


def give(page, label, files):
    page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input").first.set_input_files(files)


def own_scan_is_shown(page, name="DICOM series"):
    page.get_by_role("heading", name=name, exact=True).wait_for()
    page.get_by_text("Grey values", exact=True).wait_for()


def level(page, plane, row=1):
    """The slice that a picture shows: its plane's number in its own grid."""
    viewer = page.locator(".panels").nth(3 * row + ("axial", "coronal", "sagittal").index(plane))
    return int(viewer.get_attribute("data-level"))


def wait_until(page, holds):
    for _ in range(150):
        if holds():
            return
        page.wait_for_timeout(200)
    raise AssertionError("it did not come to pass")


def test_a_raw_head_is_read_judged_looked_at_in_three_planes_and_detected_on(page, server, tmp_path):
    scan = tmp_path / f"{CANARY}.nii.gz"
    scan.write_bytes(RAW_HEAD.read_bytes())
    give(page, "A NIfTI file", scan)
    own_scan_is_shown(page, CANARY)
    give(page, "Your own reference mask", SAMPLES / "sub-rawms03_lesion.nii.gz")
    page.get_by_role("button", name="Remove your reference mask").wait_for()
    page.get_by_text("0.90 x 0.90 x 3.00 mm").wait_for()
    page.get_by_text("tilted by 9 degrees").wait_for()
    page.get_by_text("It is no evidence that a result on it is right").wait_for(timeout=LONG)
    for name, light in (("Slice thickness", "amber"), ("FLAIR contrast", "green"), ("Skull", "green")):
        line = page.get_by_test_id("stMarkdown").filter(has=page.get_by_text(name, exact=True)).last
        assert light in line.inner_text()
    page.get_by_text("What was taken as brain").first.wait_for(timeout=LONG)
    wait_until(page, lambda: page.locator(".panels canvas").count() == PICTURES)
    before = [level(page, plane) for plane in ("axial", "coronal", "sagittal")]
    page.locator(".panels").nth(4).hover()
    page.mouse.wheel(0, -80)  # two slices towards the back
    wait_until(page, lambda: level(page, "coronal") == before[1] + 2)
    assert [level(page, plane) for plane in ("axial", "sagittal")] == [before[0], before[2]]
    page.get_by_role("button", name="Registration").or_(page.get_by_role("radio", name="Registration")).click()
    page.get_by_text("In the atlas", exact=True).first.wait_for()
    page.reload()
    page.get_by_text("What was taken as brain").or_(page.get_by_text("In the atlas", exact=True)).first.wait_for()
    own_scan_is_shown(page, CANARY)
    page.get_by_role("link", name="Detect on this scan").click()
    page.get_by_text(re.compile("above the threshold")).first.wait_for(timeout=LONG)
    assert page.get_by_role("combobox", name="Scan", exact=True).input_value() == "My own scan"
    page.get_by_text(re.compile(r"Dice at these levels: 0\.\d+")).wait_for()  # with the reference
    assert page.get_by_role("combobox", name="Which of mine").input_value() == CANARY
    assert "CANARY" not in page.url
    assert "CANARY" not in server[1].read_text(errors="replace")


def test_a_dicom_folder_is_read_by_its_headers_alone(page, server, tmp_path):
    folder = tmp_path / CANARY
    folder.mkdir()
    for number, data in enumerate(series()):
        (folder / f"IM{number}").write_bytes(data)
    (folder / "notes.txt").write_text("no image")
    page.get_by_text("A DICOM folder", exact=True).click()
    give(page, "The folder of one DICOM series", folder)
    own_scan_is_shown(page)
    page.get_by_text("DICOM header (Image Orientation)").wait_for()
    page.get_by_text("8 axial slices, 3.00 mm").wait_for()
    # 12 x 10 x 8 voxels of noise are no head: the steps say so, and the page stays
    page.get_by_test_id("stAlert").get_by_text(re.compile("brain", re.IGNORECASE)).wait_for(timeout=LONG)
    assert page.get_by_role("link", name="Detect on this scan").is_visible()
    assert "CANARY" not in page.content()
    assert "CANARY" not in server[1].read_text(errors="replace")


def test_of_two_flairs_of_one_visit_the_user_picks_one(page, server, tmp_path):
    folder = tmp_path / CANARY
    folder.mkdir()
    other = series(head(seed=1), SeriesInstanceUID="1.2.3", SeriesNumber=9, SeriesDescription="t2 FLAIR again")
    for number, data in enumerate([*series(), *other]):
        (folder / f"IM{number}").write_bytes(data)
    page.get_by_text("A DICOM folder", exact=True).click()
    give(page, "The folder of one DICOM series", folder)
    page.get_by_test_id("stAlert").get_by_text(re.compile("2 of them are equally good FLAIRs")).wait_for()
    page.get_by_role("combobox", name="Series").click()
    page.get_by_role("option", name=re.compile("series 9, t2 flair again, 8 slices")).click()
    own_scan_is_shown(page)
    page.get_by_text(re.compile("Of 2 series number 2 was picked")).wait_for()
    assert "canary" not in page.content().lower()


def test_what_is_no_scan_or_another_scans_mask_gets_a_sentence_and_nothing_is_lost(page, server, tmp_path):
    page.goto(f"{server[0]}/scan?scan=sub-ms01")
    page.get_by_role("heading", name="sub-ms01, simulated").wait_for()
    bad = tmp_path / f"{CANARY}.nii.gz"
    bad.write_bytes(b"<html>not a scan</html>" * 50)
    give(page, "A NIfTI file", bad)
    page.get_by_test_id("stAlert").get_by_text(re.compile("web page")).wait_for()
    page.get_by_role("heading", name="Still sub-ms01, simulated").wait_for()
    mask = tmp_path / "mask.nii.gz"
    other = read_nifti(RAW_HEAD)
    mask.write_bytes(encode_nifti(np.ones(other.shape, np.uint8), other))
    give(page, "Your own brain mask", mask)
    page.get_by_test_id("stAlert").get_by_text(re.compile("The mask has .* voxels, but the scan has")).wait_for()
    fitting = SAMPLES / "sub-ms01_brainmask.nii.gz"
    give(page, "Your own brain mask", fitting)
    page.get_by_role("button", name="Remove your brain mask").wait_for()
    page.get_by_test_id("stAlert").wait_for(state="detached")
    page.get_by_text("Your own brain mask was used").wait_for(timeout=LONG)
    page.get_by_role("button", name="Remove your brain mask").click()
    page.get_by_test_id("stFileUploader").filter(has_text="Your own brain mask").wait_for()
    assert "CANARY" not in page.content()
    assert "CANARY" not in server[1].read_text(errors="replace")


def test_several_scans_are_kept_by_name_and_one_of_them_is_renamed_and_removed(page, server, tmp_path):
    names = ("first", "sub-07_ses-2_FLAIR")
    for name in names:
        scan = tmp_path / f"{name}.nii.gz"
        image = read_nifti(SAMPLES / "sub-ms01_FLAIR.nii.gz")
        scan.write_bytes(encode_nifti(image.array + len(name), image))
        give(page, "A NIfTI file", scan)
        own_scan_is_shown(page, name)
        page.get_by_text("The scan as it came").first.wait_for()  # whatever its preparation has come to
    page.get_by_role("combobox", name="Which of mine").click()
    assert [option.inner_text() for option in page.get_by_role("option").all()] == list(names)
    page.get_by_role("option", name="first").click()
    own_scan_is_shown(page, "first")
    name = page.get_by_role("textbox", name="Name of this scan")
    name.fill("*Knee* of :red[Mr X]")
    name.press("Enter")
    own_scan_is_shown(page, "*Knee* of :red[Mr X]")
    page.goto(f"{server[0]}/detect?scan=My+own+scan")  # by the address: the one that was looked at last
    page.get_by_text(re.compile("above the threshold")).first.wait_for(timeout=LONG)
    assert page.get_by_role("combobox", name="Which of mine").input_value() == "*Knee* of :red[Mr X]"
    with page.expect_download() as download:
        page.get_by_role("button", name="Mask", exact=True).click()
    assert download.value.suggested_filename.startswith("sub-KneeofredMrX_")
    page.goto(f"{server[0]}/scan?scan=My+own+scan")
    page.get_by_role("button", name="Remove", exact=True).click()
    own_scan_is_shown(page, names[1])
    bad = tmp_path / "bad.nii.gz"
    bad.write_bytes(b"<html>not a scan</html>" * 50)
    give(page, "A NIfTI file", bad)
    own_scan_is_shown(page, f"Still {names[1]}")
