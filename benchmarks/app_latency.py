"""How long a user waits: from a key on a slider to the new overlay on the screen, in a real browser on this machine.

    make bench-app

Times are taken inside the browser, from the key's event to the frame after the last picture was drawn. Beside each
stands the same step without this project's shortcuts, measured in the same run: scipy's median filter, threshold and
labels on the same residual. Times vary with what else the machine does; a test never depends on them.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import FilePayload, Page, Playwright, sync_playwright
from scipy import ndimage

from benchmarks.scan_steps import RAW_HEAD
from tools.running_app import FLAGS, GRAPHICS, chromium, running_app
from uad_core.evaluate.config import EvaluateConfig
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.models import COMPARED
from uad_core.runs.evaluation import EVALUATIONS, EvaluationRequest, EvaluationRun

MOVES = 30
STARTS = 5
EMPTY = "import streamlit as st\nst.write('above the threshold')\n"  # the floor of a start
LONG = 300_000  # ms
WATCH = """(what) => {
  const roots = [document], find = (root) => root.querySelectorAll("*").forEach((node) => {
    if (node.shadowRoot) { roots.push(node.shadowRoot); find(node.shadowRoot); } });
  find(document);
  const panels = roots.flatMap((root) => [...root.querySelectorAll(".panels")])[0];
  window.waits = [];
  document.addEventListener("keydown", () => (window.pressed = performance.now()), true);
  new MutationObserver(() => requestAnimationFrame(() => {
    if (window.pressed) { window.waits.push(performance.now() - window.pressed); window.pressed = null; }
  })).observe(panels, { attributes: true, attributeFilter: [what] });
}"""
BENCH = "bench-app"  # an evaluation made for this, and removed
KEYS = "slice by key"  # in the pictures, in place of a slider
PRESSED = {  # there and back; all but the first stay in the browser
    KEYS: ("ArrowUp", "ArrowDown"),
    "mask hidden by key": ("m", "m"),
    "outline by key": ("o", "o"),
    "window by key": ("w", "w"),
    "zoom by key": ("+", "-"),
}
FAR = {"Percentile": ("PageDown", "PageUp")}  # one step of it changes no voxel of some slices
PLACES = (  # page, its address, and the sliders that are moved
    ("Detect", "/detect", ("Percentile", "Axial level", "Median size", *PRESSED)),
    ("Detect, three planes", "/detect?view=Three+planes", ("Percentile", KEYS)),
    ("Detect, whole brain", "/detect?levels=Whole+brain&model=denoiser-whole", ("Percentile", "Axial level")),
    ("Compare, four models", "/compare", ("Percentile", "Axial level")),
    ("Scan", "/scan", (KEYS,)),
    ("Learn, idea", "/learn", (KEYS,)),
    ("Learn, voxel", "/learn?chapter=Voxel", (KEYS,)),
    ("Learn, median", "/learn?chapter=Median", ("Median size",)),
    ("Learn, threshold", "/learn?chapter=Threshold", ("Percentile",)),
    ("Learn, paint", "/learn?chapter=Paint", ("Grey of the lesion",)),
    ("Learn, latent", "/learn?chapter=Latent", ("Way covered",)),
    ("Evaluate, a patient", f"/evaluate?evaluation={BENCH}&patient={BENCH}.1", ("Axial level", KEYS)),
)


def main() -> None:
    """Print a line for each page and slider."""
    if (executable := chromium()) is None:
        sys.exit("This benchmark needs Chromium.")
    print(f"without shortcuts (scipy), median 5 on 256 x 256 x 20: {plain_ms():.0f} ms on the server alone")
    with sync_playwright() as playwright:
        print(f"server start to first segmented picture: {in_words(starts(playwright))}")
        with TemporaryDirectory() as folder:
            (empty := Path(folder) / "empty.py").write_text(EMPTY)
            print(f"server start to an empty page of Streamlit: {in_words(starts(playwright, empty))}", flush=True)
    with running_app(Path(os.devnull)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        print(f"upload of a raw head to its pictures in three planes: {raw_pictures(page, address):.1f} s", flush=True)
        print(
            f"3-D asked for to the head in 3-D, drawn without a graphics card: {head_in_3d(playwright, address):.1f} s"
        )
        with evaluation():
            for name, path, sliders in PLACES:
                open_place(page, address + path)
                for slider in sliders:
                    waits = measure(page, slider)
                    print(
                        f"{name}, {slider}: p50 {np.median(waits):.0f} ms, p95 {np.percentile(waits, 95):.0f} ms",
                        flush=True,
                    )


def starts(playwright: Playwright, script: str | Path = "app.py") -> list[float]:
    """Seconds from a server's start to what a new browser shows at last, several times."""
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with running_app(Path(os.devnull), script=script) as address:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{address}/detect" if script == "app.py" else address)
            page.get_by_text("above the threshold").first.wait_for(timeout=LONG)
            seconds.append(time.perf_counter() - started)
            browser.close()
    return seconds


def in_words(seconds: list[float]) -> str:
    return f"{np.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f} in {len(seconds)})"


def raw_pictures(page: Page, address: str) -> float:
    """Seconds from an upload to the scan as it came, while its preparation goes on."""
    open_place(page, f"{address}/scan")
    head = read_nifti(RAW_HEAD)
    file = FilePayload(name="head.nii.gz", mimeType="application/gzip", buffer=encode_nifti(head.array + 1, head))
    started = time.perf_counter()
    page.get_by_test_id("stFileUploader").locator("input").first.set_input_files(file)
    page.get_by_text("its preparation is under way").wait_for(timeout=LONG)
    page.locator(".panels[data-draws]").nth(2).wait_for(timeout=LONG)
    return time.perf_counter() - started


def head_in_3d(playwright: Playwright, address: str) -> float:
    """Seconds from a click to NiiVue's first picture, in a browser of its own: WebGL wants other flags."""
    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    with playwright.chromium.launch(executable_path=chromium(), args=[*flags, *GRAPHICS]) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        open_place(page, f"{address}/detect")
        started = time.perf_counter()
        page.get_by_text("3-D", exact=True).first.click()
        page.locator(".head[data-draws]").wait_for(timeout=LONG)
        return time.perf_counter() - started


def open_place(page: Page, address: str) -> None:
    """Go there and wait until no work is under way."""
    page.goto(address)
    page.locator(".panels[data-draws]").first.wait_for(timeout=LONG)
    page.wait_for_timeout(3000)
    for working in (page.get_by_role("button", name="Cancel"), page.locator("text=/: looking$/")):
        working.first.wait_for(state="detached", timeout=LONG)
    page.wait_for_timeout(3000)


def measure(page: Page, slider: str) -> list[float]:
    """Milliseconds of each of `MOVES` key presses, each after the page has come to rest."""
    in_browser = slider in PRESSED and slider != KEYS
    page.evaluate(WATCH, "data-repaints" if in_browser else "data-draws")
    handle = page.locator(".panels").first if slider in PRESSED else page.get_by_role("slider", name=slider).first
    there, back = (PRESSED | FAR).get(slider, ("ArrowLeft", "ArrowRight"))
    handle.focus()
    for move in range(MOVES):
        handle.press(there if move % 2 == 0 else back)
        page.wait_for_timeout(700)
    return page.evaluate("window.waits")


@contextmanager
def evaluation() -> Iterator[None]:
    """One of the bundled scans, for the page Evaluate to show."""
    shutil.rmtree(EVALUATIONS / BENCH, ignore_errors=True)  # of a run that was killed
    made = EvaluationRun.start(EvaluationRequest(SAMPLES, COMPARED, BENCH, EvaluateConfig(limit=1)))
    try:
        while EvaluationRun.read(made.folder).is_active:
            time.sleep(1)
        yield
    finally:
        shutil.rmtree(made.folder)


def plain_ms() -> float:
    """The paper's chain as libraries have it."""
    values = np.random.default_rng(0).random((20, 256, 256), dtype=np.float32)
    started = time.perf_counter()
    ndimage.label(ndimage.median_filter(values, 5) > 0.6, np.ones((3, 3, 3)))
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
