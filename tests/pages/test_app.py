"""What a user does, in a real browser on a fresh server, with real files."""

import re

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import TimeoutError

from uad_core.io.paths import SAMPLES

RAW_HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"
LONG = 180_000  # ms; brain extraction and registration on a busy machine of two cores
SUMMARY = re.compile(r"(\d+) regions?, ([\d.]+) ml, above the threshold ([\d.]+)")


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield context
    context.close()


def summary(page) -> tuple[int, float, float]:
    """Regions, millilitres and threshold, as they stand on the page."""
    text = page.get_by_text(re.compile(r"^(\d+ regions?|No voxel)")).first.inner_text(timeout=LONG)
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


def open_page(context, address: str, path: str):
    page = context.new_page()
    page.goto(address + path)
    return page


def panels(page):
    """The viewer's canvases, once they are drawn."""
    page.locator(".panels[data-draws]").first.wait_for(timeout=LONG)
    return page.locator(".panels canvas")


def pixels(page, number: int) -> str:
    return panels(page).nth(number).evaluate("canvas => canvas.toDataURL()")


def at_rest(page, number: int) -> str:
    """The pixels once they stay as they are: on a busy machine the page is laid out again after its last run."""
    for _ in range(60):
        before = pixels(page, number)
        page.wait_for_timeout(1000)
        if pixels(page, number) == before:
            return before
    raise AssertionError("the picture does not come to rest")


def wait_until(page, holds, what: str, tries=150):
    for _ in range(tries):
        page.wait_for_timeout(200)
        if holds():
            return
    raise AssertionError(what)


def test_a_deep_link_is_the_first_visit_of_a_fresh_server_and_has_links_to_all_pages(server, context):
    page = open_page(context, server[0], "/compare")
    page.get_by_text("not for diagnosis").first.wait_for(timeout=LONG)
    for name in ("Start", "Scan", "Detect", "Compare", "Evaluate", "Train", "Learn"):
        page.get_by_role("link", name=name, exact=True).wait_for()
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_text("What it is not for").wait_for(timeout=60_000)
    page.close()


def test_start_shows_a_real_run_and_leads_to_a_bundled_scan_that_is_segmented(server, context):
    page = open_page(context, server[0], "/")
    page.locator(".panels[data-draws]").wait_for(timeout=LONG)
    assert panels(page).count() == 2
    page.get_by_role("link", name="Try a bundled scan").click()
    regions, millilitres, _ = summary(page)
    assert regions > 0
    assert millilitres > 0
    assert panels(page).count() == 4
    for caption in ("Scan", "Reconstruction", "The model's score, median 5", "Segmentation"):
        page.locator("figcaption", has_text=re.compile(f"^{caption}$")).wait_for()
    page.get_by_text("not for diagnosis").first.wait_for()
    page.close()


def test_a_slider_moves_the_mask_and_the_wheel_moves_the_slice(server, context):
    page = open_page(context, server[0], "/detect")
    before = summary(page)
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(15):
        slider.press("ArrowLeft")
    lower = wait_for_change(page, before)
    assert lower[2] < before[2]
    assert lower[1] > before[1]
    settled(page)
    picture, level = pixels(page, 0), int(page.locator(".panels").get_attribute("data-level"))
    panels(page).first.hover()
    read = page.locator(".tools output")
    wait_until(
        page, lambda: re.fullmatch(r"intensity 0\.\d\d, in the file \d+", read.inner_text()), "nothing is read out"
    )
    page.mouse.wheel(0, -40)
    wait_until(page, lambda: pixels(page, 0) != picture, "the picture did not follow the wheel")
    assert int(page.locator(".panels").get_attribute("data-level")) == level + 1  # upwards is towards the crown
    page.close()


def test_the_threshold_is_dragged_in_the_histogram_and_the_link_carries_it(server, context):
    page = open_page(context, server[0], "/detect")
    before = summary(page)
    page.locator(".grip").scroll_into_view_if_needed()
    box = page.locator(".grip").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    wait_for_change(page, before)
    higher = settled(page)
    assert higher[2] > before[2]
    assert higher[1] < before[1]
    assert re.search("percentile=99", page.url)  # the slider moved, no other control took its place
    assert page.get_by_role("slider", name=re.compile("Percentile")).is_enabled()
    drawn = page.locator(".histogram")
    wait_until(
        page,
        lambda: float(drawn.get_attribute("data-threshold")) == pytest.approx(summary(page)[2], abs=1e-4),
        "the histogram shows another threshold than the sentence",
    )
    higher = settled(page)
    other = open_page(context, page.url.split("?")[0], "?" + page.url.split("?")[1])
    assert summary(other) == higher
    other.close()
    page.close()


def test_keys_hide_outline_enlarge_and_step_through_regions_and_take_it_all_back(server, context):
    page = open_page(context, server[0], "/detect")
    summary(page)
    settled(page)
    root = page.locator(".panels")
    root.focus()
    for key in ("m", "o", "+"):
        filled = at_rest(page, 3)
        root.press(key)
        wait_until(page, lambda filled=filled: pixels(page, 3) != filled, f"{key} changed nothing")
        root.press("r")
        wait_until(page, lambda filled=filled: pixels(page, 3) == filled, f"{key} was not taken back")
    root.press("f")
    assert page.locator(".panels figure:visible").count() == 1
    root.press("f")
    assert page.locator(".panels figure:visible").count() == 4
    assert not page.get_by_text("the region before, the next region").is_visible()
    root.press("?")
    page.get_by_text("the region before, the next region").wait_for()
    level = root.get_attribute("data-level")
    root.press("]")
    wait_until(page, lambda: root.get_attribute("data-level") != level, "no step to the second region")
    root.press("[")
    wait_until(page, lambda: root.get_attribute("data-level") == level, "no step back to the largest")
    page.close()


def test_a_model_brings_its_residual_and_model_0_shows_no_reconstruction(server, context):
    page = open_page(context, server[0], "/detect?model=intensity")
    summary(page)
    assert panels(page).count() == 3
    page.locator("figcaption", has_text="The model's score").wait_for()
    positive = summary(page)
    page.get_by_role("button", name="Setting").click()
    assert page.get_by_role("radio", name="suits the model").is_checked()
    page.get_by_role("button", name="Paper's setting").click()
    wait_until(page, lambda: page.get_by_role("radio", name="absolute").is_checked(), "the setting was not reset")
    assert summary(page)[1] == positive[1]  # a rank is no difference: both signs are the same
    page.close()


def test_three_planes_meet_where_the_user_clicks_and_a_neurologist_may_mirror_them(server, context):
    page = open_page(context, server[0], "/detect?view=Three+planes")
    summary(page)
    assert panels(page).count() == 3
    coronal = pixels(page, 1)
    box = panels(page).first.bounding_box()
    panels(page).first.click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.3})
    wait_until(page, lambda: pixels(page, 1) != coronal, "the coronal plane did not follow the click")
    axial = page.locator(".panels figure").first
    assert axial.locator(".left").inner_text() == "R"
    page.get_by_role("button", name="Display").click()
    page.get_by_text("Neurological").click()
    wait_until(page, lambda: axial.locator(".left").inner_text() == "L", "the sides were not exchanged")
    page.close()


def test_a_setting_is_kept_as_a_preset_and_loaded_again(server, context, tmp_path):
    page = open_page(context, server[0], "/detect?percentile=95&median_size=3&min_lesion_mm3=20")
    wanted = summary(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("--percentile 95").wait_for()
    download = downloaded(page, "Save as a file")
    path = tmp_path / "preset.json"
    download.save_as(path)
    page.close()
    page = open_page(context, server[0], "/detect")
    assert summary(page) != wanted
    page.get_by_text("Load a preset").click()
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(path)
    wait_until(page, lambda: summary(page) == wanted, "the preset was not applied")
    page.close()


def test_models_are_compared_on_one_scan_with_shared_controls(server, context):
    page = open_page(context, server[0], "/compare?models=denoiser&models=intensity&models=sae3&apart=false")
    page.get_by_text("Flagged by so many models").wait_for(timeout=LONG)
    page.locator(".js-plotly-plot").first.wait_for(timeout=LONG)
    captions = page.locator("figcaption", has_text=re.compile(r": [\d.]+ ml"))
    before = [caption.inner_text() for caption in captions.all()]
    assert [caption.split(":")[0].removesuffix(" (did not learn)") for caption in before] == [
        "denoiser",
        "intensity",
        "sae3",
    ]
    assert panels(page).count() == 2 * len(before) + 1  # residual and segmentation of each, and the agreement
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(50):  # half a per cent: a tenth may leave the millilitres as they are, rounded
        slider.press("ArrowLeft")

    def all_followed() -> bool:
        after = [caption.inner_text() for caption in captions.all()]
        return len(after) == len(before) and all(a != b for a, b in zip(after, before, strict=True))

    wait_until(page, all_followed, "not every model followed the shared percentile")
    page.close()


def test_an_own_raw_head_goes_in_and_its_mask_comes_out_on_its_own_grid(server, context, tmp_path):
    address, log = server
    scan = tmp_path / "CANARY^PATIENT 1970.nii.gz"
    scan.write_bytes(RAW_HEAD.read_bytes())
    page = open_page(context, address, "/scan")
    page.get_by_test_id("stFileUploader").filter(has_text="A NIfTI file").locator("input").set_input_files(scan)
    page.get_by_role("heading", name="CANARY^PATIENT 1970").wait_for(timeout=LONG)
    page.get_by_text("Detect on this scan").click()
    before = settled(page)
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    wait_for_change(page, before)
    after = settled(page)
    assert after[1] <= before[1]
    download = downloaded(page, "Mask")
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
