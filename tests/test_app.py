"""What a user does, in a real browser on a fresh server, with real files."""

import re

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import TimeoutError

from uad_core.data import SAMPLES

RAW_HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"
LONG = 180_000  # ms; brain extraction and registration on a busy machine of two cores
SUMMARY = re.compile(r"(\d+) regions, ([\d.]+) ml, above the threshold ([\d.]+)")


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield context
    context.close()


def summary(page) -> tuple[int, float, float]:
    """Regions, millilitres and threshold, as they stand on the page."""
    text = page.get_by_text(re.compile("above the threshold")).first.inner_text(timeout=LONG)
    if text.startswith("No voxel"):
        return 0, 0.0, float(re.search(r"threshold ([\d.]+)", text)[1])
    regions, millilitres, threshold = SUMMARY.search(text).groups()
    return int(regions), float(millilitres), float(threshold)


def wait_for_change(page, before, tries=100):
    for _ in range(tries):
        page.wait_for_timeout(200)
        if (now := summary(page)) != before:
            return now
    raise AssertionError(f"the page still says {before}")


def settled(page):
    """The summary once the page has come to rest: every key press on a slider is a run of its own."""
    last = summary(page)
    for _ in range(60):
        page.wait_for_timeout(2500)
        running = page.get_by_test_id("stApp").get_attribute("data-test-script-state") == "running"
        if (now := summary(page)) == last and not running:
            return now
        last = now
    raise AssertionError("the page does not come to rest")


def downloaded(page, button, tries=3):
    """What a button hands out; like a user, clicks again where a busy page has swallowed the click."""
    for last in (*[False] * (tries - 1), True):
        try:
            with page.expect_download(timeout=40_000) as download:
                page.get_by_role("button", name=button).click()
            return download.value
        except TimeoutError:
            if last:
                raise


def test_a_deep_link_is_the_first_visit_of_a_fresh_server(server, context):
    address, _ = server
    page = context.new_page()
    page.goto(f"{address}/about")
    page.get_by_role("heading", name="Method and limits").wait_for(timeout=60_000)
    page.get_by_text("not for diagnosis").first.wait_for()
    page.close()


def test_the_app_opens_on_a_bundled_scan_that_is_already_segmented(server, context):
    address, _ = server
    page = context.new_page()
    page.goto(address)
    regions, millilitres, _ = summary(page)
    assert regions > 0
    assert millilitres > 0
    for caption in ("Scan", "Reconstruction", "Residual, median 5", "Segmentation"):
        page.get_by_text(caption, exact=True).first.wait_for()
    assert page.locator("[data-testid=stImage] img").count() == 4
    page.get_by_text("not for diagnosis").first.wait_for()
    page.close()


def test_controls_move_the_mask_at_once_and_the_slice_slider_moves_the_pictures(server, context):
    address, _ = server
    page = context.new_page()
    page.goto(address)
    before = summary(page)
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(15):
        slider.press("ArrowLeft")
    lower = wait_for_change(page, before)
    assert lower[2] < before[2]
    assert lower[1] > before[1]
    picture = page.locator("[data-testid=stImage] img").first.get_attribute("src")
    level = page.get_by_role("slider", name=re.compile("level"))
    level.focus()
    level.press("ArrowRight")
    for _ in range(100):
        page.wait_for_timeout(200)
        if page.locator("[data-testid=stImage] img").first.get_attribute("src") != picture:
            break
    else:
        raise AssertionError("the picture did not follow the slice slider")
    page.close()


def test_another_model_is_one_choice_away_and_model_0_shows_no_reconstruction(server, context):
    address, _ = server
    page = context.new_page()
    page.goto(address)
    before = summary(page)
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name="sae3", exact=True).click()
    after = wait_for_change(page, before, tries=300)
    page.get_by_role("button", name="Back to the paper's setting").click()
    after = wait_for_change(page, after, tries=300)
    assert page.get_by_role("radio", name="absolute").is_checked()
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name="intensity", exact=True).click()
    wait_for_change(page, after, tries=300)
    assert page.get_by_role("radio", name="positive").is_checked()  # the residual that suits it
    page.get_by_text("This model redraws nothing").wait_for()
    assert page.locator("[data-testid=stImage] img").count() == 3
    page.close()


def test_models_are_compared_on_one_scan_with_shared_controls(server, context):
    address, _ = server
    page = context.new_page()
    page.goto(f"{address}/compare")
    page.get_by_text("Flagged by so many models").wait_for(timeout=LONG)
    page.locator(".js-plotly-plot").first.wait_for(timeout=LONG)
    captions = page.get_by_text(re.compile(r"residual above [\d.]+: [\d.]+ ml"))
    before = [caption.inner_text() for caption in captions.all()]
    assert len(before) >= 3
    pictures = page.locator("[data-testid=stImage] img")
    assert pictures.count() == 2 * len(before) + 1  # residual and segmentation of each, and the agreement
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    for _ in range(100):
        page.wait_for_timeout(200)
        after = [caption.inner_text() for caption in captions.all()]
        if len(after) == len(before) and all(a != b for a, b in zip(after, before, strict=True)):
            break
    else:
        raise AssertionError("not every model followed the shared percentile")
    page.close()


def test_an_own_raw_head_goes_in_and_its_mask_comes_out_on_its_own_grid(server, context, tmp_path):
    address, log = server
    scan = tmp_path / "CANARY^PATIENT 1970.nii.gz"
    scan.write_bytes(RAW_HEAD.read_bytes())
    page = context.new_page()
    page.goto(address)
    bundled = summary(page)
    page.get_by_label("Scan", exact=True).click()
    page.get_by_text("My own scan").click()
    page.get_by_test_id("stFileUploader").filter(has_text="FLAIR head scan").locator("input").set_input_files(scan)
    wait_for_change(page, bundled, tries=600)
    before = settled(page)
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    wait_for_change(page, before)
    after = settled(page)
    assert after[1] <= before[1]
    download = downloaded(page, "Mask (NIfTI)")
    path = tmp_path / "mask.nii.gz"
    download.save_as(path)
    assert "CANARY" not in download.suggested_filename
    mask, source = nib.load(path), nib.load(RAW_HEAD)
    assert mask.shape == source.shape
    np.testing.assert_array_equal(mask.affine, source.affine)
    voxels = np.asanyarray(mask.dataobj)
    assert set(np.unique(voxels)) <= {0, 1}
    found_ml = voxels.sum() * abs(np.linalg.det(source.affine[:3, :3])) / 1000
    assert found_ml == pytest.approx(after[1], rel=0.25, abs=0.5)  # 3 mm slices sample the slab coarsely
    assert "CANARY" not in log.read_text(errors="replace")
    page.close()


def test_a_file_that_is_no_scan_gets_a_sentence_and_the_session_goes_on(server, context, tmp_path):
    address, log = server
    bad = tmp_path / "CANARY^PATIENT.nii.gz"
    bad.write_bytes(b"<html>not a scan</html>" * 50)
    page = context.new_page()
    page.goto(address)
    summary(page)
    page.get_by_label("Scan", exact=True).click()
    page.get_by_text("My own scan").click()
    page.get_by_test_id("stFileUploader").filter(has_text="FLAIR head scan").locator("input").set_input_files(bad)
    alert = page.get_by_test_id("stAlert").filter(has_text=re.compile("web page")).first
    alert.wait_for(timeout=60_000)
    assert "Traceback" not in page.content()
    assert "CANARY" not in alert.inner_text()
    page.get_by_label("Scan", exact=True).click()
    page.get_by_role("option", name=re.compile("sub-ms01")).click()
    assert summary(page)[0] > 0
    assert "CANARY" not in log.read_text(errors="replace")
    page.close()
