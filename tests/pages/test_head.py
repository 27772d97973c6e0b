"""The head in 3-D, in a real browser: drawn by NiiVue without a graphics card, and linked with the slices."""

import re

import pytest

from pages.ui.shell import niivue
from tests.pages.test_app import LONG, panels, wait_until
from tests.pages.test_doors import ask
from tools.running_app import FLAGS, GRAPHICS, chromium

PLACE = re.compile(r"^(-?\d+), (-?\d+), (-?\d+)$")


@pytest.fixture(scope="module")
def context():
    """A browser with WebGL, whatever the machine has."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine, so the 3-D view was not tried")
    if not niivue.NIIVUE.path.is_file():
        pytest.skip("NiiVue is not installed here (make setup had no registry), so the 3-D view was not tried")
    from playwright.sync_api import sync_playwright

    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*flags, *GRAPHICS])
        yield browser.new_context(viewport={"width": 1280, "height": 720})
        browser.close()


def head(page):
    page.locator(".head[data-draws]").wait_for(timeout=LONG)
    return page.locator(".head")


def cross(page) -> tuple[int, int, int]:
    """Where NiiVue's lies: atlas mm to the right, to the front, upwards."""
    found = PLACE.match(head(page).get_attribute("data-cross"))
    return int(found[1]), int(found[2]), int(found[3])


def level(page) -> int:
    return int(page.locator(".panels").get_attribute("data-level"))


def test_niivue_draws_the_head_and_its_cross_is_that_of_the_slices_both_ways(server, context):
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/media/" in request.url else None)
    page.goto(f"{server[0]}/detect?scan=sub-ms01&view=3-D")
    panels(page)
    assert cross(page)[2] == level(page)
    assert head(page).get_attribute("data-reference") == "true"  # the simulated lesions, outlined
    drawn = head(page).locator("canvas").screenshot()
    assert len(drawn) > 20_000  # a blank canvas of its size is a PNG of 2 kB
    before = level(page)
    box = head(page).locator("canvas").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])  # a coronal plane, to the right
    wait_until(page, lambda: level(page) == cross(page)[2] != before, "the slices did not follow NiiVue's cross")
    there = cross(page)
    axial = panels(page).first.bounding_box()
    panels(page).first.click(position={"x": axial["width"] * 0.6, "y": axial["height"] * 0.7})
    wait_until(page, lambda: cross(page)[:2] != there[:2], "NiiVue's cross did not follow the slice")
    here = cross(page)
    page.locator(".panels").focus()
    page.keyboard.press("]")
    wait_until(page, lambda: cross(page) != here and cross(page)[2] == level(page), "no step to a region")
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    draws = int(head(page).get_attribute("data-draws"))
    slider.press("ArrowLeft")
    wait_until(page, lambda: int(head(page).get_attribute("data-draws")) > draws, "the mask was not drawn anew")
    assert len([url for url in fetched if url.endswith(".gz")]) == 1  # the head came once
    window, canvas = page.get_by_role("combobox", name="Window"), head(page).locator("canvas")
    usual, first = head(page).get_attribute("data-window"), canvas.screenshot()
    assert usual.startswith("0 to 229.5")  # 0.9 of normalised intensity in 255 greys
    window.select_option("dark")
    wait_until(page, lambda: head(page).get_attribute("data-window") == "0 to 127.5", "the window is not the slice's")
    assert canvas.screenshot() != first
    window.select_option("whole range")
    wait_until(page, lambda: head(page).get_attribute("data-window") == usual, "the grey window did not come back")
    page.get_by_role("button", name="Display").click()
    page.get_by_text("Neurological").click()
    wait_until(page, lambda: head(page).get_attribute("data-left") == "L", "NiiVue was not mirrored")
    wait_until(page, lambda: page.locator(".panels .left").inner_text() == "L", "the slice was not mirrored")
    there_still = canvas.element_handle()
    page.get_by_text("Three planes", exact=True).first.click()
    page.locator(".head").wait_for(state="detached")
    lost = "canvas => canvas.getContext('webgl2').isContextLost()"
    wait_until(page, lambda: there_still.evaluate(lost), "the graphics context was not given back")
    assert [words for words in said if "404" not in words and "GL Driver" not in words] == []
    page.close()


def test_a_browser_without_webgl_gets_a_sentence_and_the_slice(server, context):
    page = context.new_page()
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind === 'webgl2' ? null : get.call(this, kind, ...more); };"
    )
    page.goto(f"{server[0]}/detect?scan=sub-ms01&view=3-D")
    page.get_by_text("This browser offers no WebGL 2").wait_for(timeout=LONG)
    assert panels(page).count() == 1
    page.close()


def test_the_module_is_served_as_javascript_that_a_browser_keeps(server):
    if not niivue.NIIVUE.path.is_file():
        pytest.skip("NiiVue is not installed here, so it is not served")
    status, got = ask(server[0], f"/{niivue.NIIVUE.served_as}")
    assert status == 200
    assert got["content-type"].startswith("text/javascript")
    assert "immutable" in got["cache-control"]
    assert got["content-encoding"] == "gzip"


def test_without_the_module_the_server_says_that_it_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(niivue.Release, "path", tmp_path / "none.gz")
    assert niivue._serve(None).status_code == 404
