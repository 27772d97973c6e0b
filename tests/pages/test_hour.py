"""What a radiologist does in an hour beyond tuning: correct a mask by hand, in a real browser on a fresh server."""

import gzip
import json
import re
import zipfile

import nibabel as nib
import numpy as np
import pytest

from tests.pages.test_app import LONG, downloaded, open_page, panels, pixels, summary, wait_until
from uad_core.io.paths import SAMPLES

BY_HAND = re.compile(r"corrected by hand: ([\d.]+) ml added, ([\d.]+) ml taken away in (\d+) step")


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield context
    context.close()


def by_hand(page) -> tuple[float, float, int] | None:
    found = BY_HAND.search(page.get_by_text(re.compile(r"^(\d+ regions?|No )")).first.inner_text(timeout=LONG))
    return (float(found[1]), float(found[2]), int(found[3])) if found else None


def stroke(page, *points):
    """Drag over the segmentation, through points that are shares of the picture."""
    box = panels(page).nth(3).bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=2)
    page.mouse.up()


def test_a_mask_is_corrected_in_three_clicks_survives_a_reload_and_goes_with_the_scans(server, context, tmp_path):
    page = open_page(context, server[0], "/detect?scan=sub-ms01")  # stripped already, and so prepared soon
    detected = summary(page)
    panels(page)
    before = pixels(page, 3)
    page.get_by_role("button", name="Paint", exact=True).click()
    stroke(page, (0.35, 0.3), (0.6, 0.3))
    assert pixels(page, 3) != before  # drawn by the browser, before any answer
    wait_until(page, lambda: by_hand(page) is not None, "the stroke did not reach the mask")
    added, removed, steps = by_hand(page)
    assert added > 0.05
    assert (removed, steps) == (0, 1)
    assert summary(page)[1] == pytest.approx(detected[1] + added, abs=0.02)
    archive = tmp_path / "all.zip"
    downloaded(page, "All (zip)").save_as(archive)
    with zipfile.ZipFile(archive) as files:
        names = {name.rsplit("_", 1)[-1]: name for name in files.namelist()}
        record = json.loads(files.read(names["mask.json"]))
        mask = nib.Nifti1Image.from_bytes(gzip.decompress(files.read(names["mask.nii.gz"])))
        assert b"Corrected by hand" in files.read(names["report.html"])
    assert record["ByHand"]["Deeds"] == ["paint"]
    assert np.count_nonzero(mask.dataobj) == record["MaskVoxels"]
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    slider.press("ArrowRight")
    wait_until(page, lambda: summary(page)[2] > detected[2], "the threshold did not move")
    assert by_hand(page)[0] == pytest.approx(added, abs=0.03)
    page.reload()
    assert by_hand(page) is not None
    panels(page)
    page.locator(".panels").focus()
    page.keyboard.press("u")
    wait_until(page, lambda: by_hand(page) is None, "nothing was taken back")
    page.get_by_role("button", name="Erase", exact=True).click()
    page.locator(".pen").select_option("15 mm")
    rows = [0.1 + 0.04 * number for number in range(21)]
    stroke(page, *((x, y) for number, y in enumerate(rows) for x in ((0, 1), (1, 0))[number % 2]))  # all of the slice
    wait_until(page, lambda: by_hand(page) is not None, "nothing was rubbed out")
    assert by_hand(page)[1] > 0
    page.get_by_role("button", name="Forget my scans").click()
    wait_until(page, lambda: by_hand(page) is None, "edits outlived the scans")
    page.close()


def test_lesions_are_put_into_the_scan_and_a_sentence_says_what_is_found(server, context):
    page = open_page(context, server[0], "/detect?scan=sub-ms01&model=intensity")
    summary(page)
    page.get_by_role("button", name="Put 30 lesions into this scan").click()
    page.get_by_text("of all 30 put in").wait_for(timeout=LONG)
    assert page.locator(".grid td").count() == 15
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    slider.press("ArrowLeft")
    page.get_by_role("button", name="Put 30 lesions into this scan").wait_for()  # another setting: to be measured anew
    page.close()


def test_two_dates_are_compared_and_a_new_lesion_heads_the_table(server, context, tmp_path):
    later = tmp_path / "CANARY later.nii.gz"
    image = nib.load(SAMPLES / "sub-ms01_FLAIR.nii.gz")
    data = np.asanyarray(image.dataobj).copy()
    i, j, k = np.ogrid[tuple(slice(0, n) for n in data.shape)]
    data[((i - 95) ** 2 + (j - 120) ** 2 + (k - 80) ** 2 <= 49) & (data > 0)] = 180
    affine = image.affine.copy()
    affine[:3, 3] += (3, -2, 4)
    nib.save(nib.Nifti1Image(data, affine), later)
    page = open_page(context, server[0], "/followup?scan=sub-ms01&model=intensity")
    page.get_by_test_id("stFileUploader").locator("input").first.set_input_files(later)
    page.get_by_text(re.compile(r"^Regions: ")).first.wait_for(timeout=3 * LONG)
    assert panels(page).count() == 3
    path = tmp_path / "table.tsv"
    downloaded(page, "Table").save_as(path)
    first = path.read_text().splitlines()[1].split("\t")
    assert first[1] in ("new", "enlarged")
    assert float(first[3]) > float(first[2])
    page.get_by_role("button", name="Forget my scans").click()
    page.get_by_test_id("stFileUploader").first.wait_for()  # the later scan is gone
    assert "CANARY" not in server[1].read_text(errors="replace")
    page.close()


def test_two_dates_that_ship_are_compared_in_one_click(server, context):
    page = open_page(context, server[0], "/followup")
    page.get_by_role("button", name="Try the bundled example").click()
    page.get_by_text(re.compile(r"^Regions: [1-9]\d* new")).first.wait_for(timeout=3 * LONG)
    assert page.get_by_text("example, later date, simulated").count() == 1
    assert panels(page).count() == 3
    page.close()


def test_a_setting_is_proposed_from_a_few_scans_and_saved_as_a_preset(server, context, tmp_path):
    for number in range(3):
        for kind in ("FLAIR", "lesion", "brainmask"):
            source = SAMPLES / f"sub-ms0{1 + number % 2}_{kind}.nii.gz"
            (tmp_path / f"sub-own{number}_{kind}.nii.gz").write_bytes(source.read_bytes())
    page = open_page(context, server[0], "/choose")
    page.get_by_role("textbox", name="Another cohort folder").fill(str(tmp_path))
    page.get_by_role("textbox", name="Another cohort folder").press("Enter")
    page.get_by_role("button", name="Try all settings").click()
    page.get_by_text(re.compile("^Proposed: ")).wait_for(timeout=3 * LONG)
    assert page.get_by_text("patients of this cohort are simulated").count() == 0  # the folder does not say so
    path = tmp_path / "preset.json"
    downloaded(page, "Save the proposed setting as a preset").save_as(path)
    assert json.loads(path.read_text())["model"] in ("marker", "intensity")
    page.close()
