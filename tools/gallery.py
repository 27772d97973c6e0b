"""The README's pictures of the app, taken anew: `python -m tools.gallery [NAME ...]`. Needs Chromium.

All show bundled scans, so that no patient is on them.
"""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from tools.running_app import FLAGS, chromium, running_app
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.pipeline.soft_lesion import VoxelGrid, soft_lesion
from uad_core.render.png import decode, encode

LONG = 300_000  # ms
WIDTH, HEIGHT = 1280, 800
NEW_AT, NEW_MM3, NEW_GREY = np.array((80, 100, 75)), 900.0, 175.0
COLOURS = 128  # of a picture: enough for grey slices and a few marks, at a quarter of the bytes


@dataclass(frozen=True)
class Shot:
    """A page, and the words that stand on it once all is drawn."""

    address: str
    there: str
    dark: bool = False
    press: str = ""  # a button
    later: bool = False  # whether it wants the later scan of two dates


SHOTS = {
    "start": Shot("/", "in blue what was put in"),
    "scan": Shot("/scan", "What was taken as brain"),
    "app": Shot("/detect", "above the threshold"),
    "planes": Shot("/detect?view=Three+planes&scan=sub-ms02", "above the threshold", dark=True),
    "followup": Shot("/followup?scan=sub-ms01", "Regions: ", later=True),
    "compare": Shot("/compare", "Flagged by so many models"),
    "evaluate": Shot("/evaluate", "Voxels of all patients pooled"),
    "choose": Shot("/choose", "Proposed: ", press="Try all settings", dark=True),
    "learn": Shot("/learn?chapter=Paint", "Half of it is found"),
}  # fmt: skip


def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """A PNG of the page, when nothing is under way on it any more."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if shot.dark else "light"
    )
    page = context.new_page()
    page.goto(address + shot.address)
    if shot.later:
        file = FilePayload(name="later.nii.gz", mimeType="application/gzip", buffer=later_scan())
        page.get_by_test_id("stFileUploader").locator("input").first.set_input_files(file)
    if shot.press:
        page.get_by_role("button", name=shot.press).click(timeout=LONG)
    page.get_by_text(shot.there).first.wait_for(timeout=LONG)
    _at_rest(page)
    picture = decode(page.screenshot()).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    context.close()
    return encode(picture, compress_level=9)


def later_scan() -> bytes:
    """A bundled scan with one more lesion, shifted by some millimetres."""
    scan = read_nifti(SAMPLES / "sub-ms01_FLAIR.nii.gz")
    array = scan.array.astype(np.float32)
    box, share = soft_lesion(VoxelGrid(scan.shape, scan.spacing_mm), NEW_AT, NEW_MM3, np.random.default_rng(0))
    array[box] += share * (array > 0)[box] * (NEW_GREY - array[box])
    moved = replace(scan, affine=AffineTransform.shift(3, -2, 4).matrix @ scan.affine)
    return encode_nifti(array, moved)


def _at_rest(page: Page) -> None:
    for working in (page.get_by_role("button", name="Cancel"), page.get_by_test_id("stSkeleton")):
        working.first.wait_for(state="detached", timeout=LONG)
    page.wait_for_timeout(4000)


def main(names: list[str]) -> None:
    """Write the pictures of these names, or all, to docs/."""
    if (executable := chromium()) is None:
        sys.exit("This needs Chromium.")
    with running_app(Path(os.devnull)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for name in names or SHOTS:
            data = take(browser, address, SHOTS[name])
            (ROOT / "docs" / f"{name}.png").write_bytes(data)
            print(f"docs/{name}.png: {len(data) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
