"""The page to print: what stands on it, that it asks for nothing, and that it fits a sheet."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.heads import Zeros, checkpoint_of, head
from uad_core import RESEARCH_ONLY
from uad_core.detect.provenance import provenance
from uad_core.detect.report.pictures import MOST, _choose, report_slices
from uad_core.detect.report.report import MOST_ROWS, scan_report
from uad_core.io.paths import ROOT
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.lesions import regions
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.pipeline.sensitivity import SIZES_MM3, InsertedLesion, Sensitivity
from uad_core.preprocess import PreprocessConfig, prepare
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.quality import run_checks, warnings
from uad_core.render.colours import MASK_COLOUR
from uad_core.render.slices import SCALE, crop_box

CONFIG = DetectConfig(threshold=0.75, postprocess=PostprocessConfig(median_size=1, min_lesion_mm3=50))
NOTHING = replace(CONFIG, threshold=0.99)


@pytest.fixture(scope="module")
def reconstruction():
    """One ball of 4 mm radius around (72, 100, 90) of the atlas: in the patient's right half, white on grey."""
    slab = checkpoint_of(Zeros()).slab
    prepared = prepare(head(), PreprocessConfig(strip=False, register=False, denoise_iterations=0, slab=slab))
    return reconstruct(prepared, checkpoint_of(Zeros()))


def page_of(reconstruction, config, **more) -> str:
    return scan_report(reconstruction, segment(reconstruction, config), config, "x1", **more).decode()


class Seen(HTMLParser):
    """The words of a page, and every tag's attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = [("", {})]
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags[-1][0] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def pictures(self) -> list[np.ndarray]:
        sources = [attrs["src"].removeprefix("data:image/png;base64,") for tag, attrs in self.tags if tag == "img"]
        return [np.asarray(Image.open(io.BytesIO(base64.b64decode(source))).convert("RGB")) for source in sources]


def test_the_page_says_what_was_found_and_how(reconstruction):
    segmentation = segment(reconstruction, CONFIG)
    (lesion,) = segmentation.lesions
    text = Seen(page_of(reconstruction, CONFIG, command="python -m uad_core detect YOUR_SCAN.nii.gz")).text
    assert text.startswith(f"Detection in sub-x1 {RESEARCH_ONLY}"), "after the window's title comes the warning"
    assert "1 region " in text
    assert f"{lesion.volume_mm3:,.0f} {lesion.tissues} right 72 −90, 139, 72 0.8" in text  # x = -90, y = 239 - 100
    assert f"{segmentation.flagged_ml:.1f} ml flagged in this scan" in text
    assert f"{segmentation.healthy_ml:.1f} ml of as much healthy brain" in text
    assert "0.7500 threshold: percentile 75.00 of the residuals of healthy scans (simulated, 1 scans or slices" in text
    assert "The healthy scans behind the threshold are simulated" in text
    assert "absolute, median of 1³ voxels" in text
    assert "Cut 6 axial slices of 1 mm." in text
    assert f"Checkpoint {reconstruction.checkpoint.identity}" in text
    assert re.search(r"test, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
    assert "Run this again python -m uad_core detect YOUR_SCAN.nii.gz" in text


def test_an_empty_mask_is_no_voxel_above_the_threshold_and_not_a_healthy_brain(reconstruction):
    page = page_of(reconstruction, NOTHING)
    seen = Seen(page)
    assert "No voxel above the threshold. That is all it says" in seen.text
    assert "Regions, largest first" not in seen.text
    assert "no anomal" not in seen.text.lower()
    assert seen.text.count("nothing flagged") == 3
    assert "Run this again" not in seen.text, "there is no command to show"
    for scan, overlay in zip(seen.pictures[::2], seen.pictures[1::2], strict=True):
        np.testing.assert_array_equal(scan, overlay)


def test_the_ball_is_shown_beside_the_scan_and_its_number_stands_on_its_outer_side(reconstruction):
    first, *others = report_slices(reconstruction, segment(reconstruction, CONFIG))
    assert first.level == 72
    rows, columns = crop_box(reconstruction.prepared.brain_mask)
    scan, overlay = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int) for png in (first.scan, first.overlay))
    row, column = SCALE * (100 + 8 - rows.start), SCALE * (90 + 8 - columns.start)
    assert (scan[row, column] == scan[row, column, 0]).all()
    expected = 0.45 * scan[row, column] + 0.55 * np.array(MASK_COLOUR)
    np.testing.assert_allclose(overlay[row, column], expected, atol=3)
    (mark,) = first.marks
    assert (mark.number, mark.left) == (1, True)
    assert mark.across == pytest.approx((90 - 4 + 8 - columns.start) / (columns.stop - columns.start))
    assert mark.down == pytest.approx((100.5 + 8 - rows.start) / (rows.stop - rows.start))
    assert all(abs(other.level - 72) >= 3 for other in others)


def test_slices_show_the_largest_regions_where_they_are_widest_and_stand_apart():
    mask = np.zeros((30, 20, 20), bool)
    mask[8:12, 2:5, 2:5], mask[9, 2:8, 2:8] = True, True  # the largest, widest in slice 9
    mask[10:12, 10:14, 10:14] = True  # would be shown in 10 or 11, too near to 9
    mask[20:22, 2:4, 2:4], mask[21, 2:5, 2:4] = True, True  # widest in slice 21
    voxels, numbers = regions(mask)
    assert np.bincount(numbers).tolist() == [63, 32, 10]
    assert _choose(mask, voxels[0], numbers) == [9, 21]
    many = np.zeros((60, 4, 4), bool)
    many[::2] = True
    voxels, numbers = regions(many)
    chosen = _choose(many, voxels[0], numbers)
    assert len(chosen) == MOST
    assert min(np.diff(chosen)) >= 3
    long = np.ones((60, 4, 4), bool)
    voxels, numbers = regions(long)
    assert _choose(long, voxels[0], numbers) == [0, 10, 20, 30, 40, 50], (
        "one region through 60 levels is shown throughout"
    )


def test_the_page_asks_for_nothing_and_runs_nothing(reconstruction):
    page = page_of(reconstruction, CONFIG)
    tags = Seen(page).tags
    assert {"script", "link", "iframe", "object", "base"}.isdisjoint(tag for tag, _ in tags)
    assert all(attrs["src"].startswith("data:image/png;base64,") for tag, attrs in tags if tag == "img")
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert set(re.findall(r"https?://[\w./]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
    assert all(attrs["alt"] for tag, attrs in tags if tag == "img")


def test_whatever_a_sentence_holds_it_stays_text(reconstruction):
    record = provenance(reconstruction, segment(reconstruction, CONFIG), CONFIG, "")
    record["Warnings"] = ["<script>alert(1)</script> & more"]
    page = page_of(reconstruction, CONFIG, command="python '<b>'", record=record)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "&lt;b&gt;" in page


def test_red_lights_stand_among_the_doubts_with_their_numbers_and_all_lights_are_named(reconstruction):
    record = provenance(reconstruction, segment(reconstruction, CONFIG), CONFIG, "")
    doubts = warnings(run_checks(reconstruction.prepared, reconstruction.checkpoint.calibration))
    assert doubts, "a head of one tissue is no FLAIR"
    text = Seen(page_of(reconstruction, CONFIG, record=record)).text
    assert all(" ".join(doubt.split()) in text for doubt in doubts)
    lit = [("A", "green"), ("B", "red"), ("C", "grey"), ("D", "green")]
    record["Checks"] = [{"Name": name, "Light": light, "Result": "R.", "Numbers": ""} for name, light in lit]
    text = Seen(page_of(reconstruction, CONFIG, record=record)).text
    assert "Checks: nothing speaks against the scan in: A, D; red: B; not known: C." in text


def test_the_same_detection_gives_the_same_page_byte_for_byte(reconstruction):
    record = provenance(reconstruction, segment(reconstruction, CONFIG), CONFIG, "")
    assert page_of(reconstruction, CONFIG, record=record) == page_of(reconstruction, CONFIG, record=record)


def test_a_busy_detection_fits_one_sheet_of_a4_with_every_picture_on_it(browser, tmp_path):
    checkpoint = load_checkpoint("intensity")
    source = ROOT / "data_samples" / "sub-ms01_FLAIR.nii.gz"
    prepared = prepare_scan(Path(source), checkpoint.slab, PrepareOptions(), lambda step, fraction: None)
    reconstruction = reconstruct(prepared, checkpoint)
    config = DetectConfig(85.0, postprocess=PostprocessConfig(median_size=3))
    segmentation = segment(reconstruction, config)
    assert len(segmentation.lesions) > MOST_ROWS
    path = tmp_path / "report.html"
    path.write_bytes(scan_report(reconstruction, segmentation, config, "ms01", "python -m uad_core detect " * 4))
    page = browser.new_page(viewport={"width": 900, "height": 1300})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert page.locator("img").count() == 2 * MOST
    assert page.locator(".regions tbody tr").count() == MOST_ROWS
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    marks = page.locator(".pair i")
    assert set(marks.all_inner_texts()) <= {str(number) for number in range(1, MOST_ROWS + 1)}
    sheet = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    page.close()


def test_what_was_put_in_and_found_stands_on_the_page_where_it_was_measured(reconstruction):
    lesions = tuple(InsertedLesion(size, 50.0, 70, size > 100) for size in SIZES_MM3 for _ in range(2))
    segmentation = replace(segment(reconstruction, CONFIG), sensitivity=Sensitivity(lesions))
    page = scan_report(reconstruction, segmentation, CONFIG, "x1").decode()
    assert "Will it work on this scan?" in page
    assert page.count("2 of 2") == 3
    assert page.count("0 of 2") == 2
    assert page.count("no room") == 10  # at the other two contrasts
    assert "Will it work" not in page_of(reconstruction, CONFIG)
