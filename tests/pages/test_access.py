"""Who sees little or uses no mouse can use every page: axe-core on each in both themes; and Back leaves a page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.ui.learn.frame import NAMES
from tests.pages.test_app import LONG, open_page, panels, summary, wait_until

# path of a page as it opens -> what is there once it has come to rest
PAGES = {
    "/": ".panels[data-draws]",
    "/scan": "text=What its header says",
    "/detect": ".panels[data-draws]",
    "/followup": "text=Bring the later scan",
    "/compare": "text=Flagged by so many models",
    "/evaluate": ".evaluation",
    "/choose": "text=Try all settings",
    "/train": "text=Start training",
    **{f"/learn?chapter={name}": ".panels[data-draws], .js-plotly-plot, [data-testid=stImage]" for name in NAMES},
}
POPOVERS = ("Display", "Setting", "Save")  # of Detect
VIEWS = {"Slice": "text=Reconstruction", "Three planes": "text=Coronal", "3-D": ".head"}  # of Detect
GRAVE = {"serious", "critical"}


# the words of a control that is out of force may be pale (WCAG 1.4.3)
INACTIVE = """target => {
  const control = document.querySelector(target)?.closest("[data-testid^=st][data-testid$=lider]");
  return Boolean(control?.querySelector("[aria-disabled=true], [disabled]"));
}"""


def findings(page) -> list[str]:
    """What is grave, in Streamlit's own parts of the page as well."""
    return [
        f"{found['id']} at {node['target']}: {node['failureSummary']}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
        if found["id"] != "color-contrast" or not page.evaluate(INACTIVE, node["target"][0])
    ]


# words that are on their way from pale to full have the contrast of a moment
FADING = """() => document.getAnimations().some(
  (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity
)"""


def at_rest(page) -> bool:
    done = page.get_by_test_id("stApp").get_attribute("data-test-script-state") == "notRunning"
    return done and not page.evaluate(FADING)


def turn(page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    shown = "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"
    wait_until(page, lambda: page.evaluate(shown) == scheme, f"the page did not turn {scheme}")
    wait_until(page, lambda: at_rest(page), "the page does not come to rest")


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_grave_in_either_theme(server, browser, path):
    page = open_page(browser, server[0], path)
    page.locator(PAGES[path]).first.wait_for(timeout=LONG)
    for view, shown in VIEWS.items() if path == "/detect" else [("", "")]:
        if view:
            page.get_by_text(view, exact=True).first.click()
            page.locator(shown).first.wait_for(timeout=LONG)
        for scheme in ("light", "dark"):
            turn(page, scheme)
            assert findings(page) == [], f"{view} {scheme}"
    page.close()


@pytest.mark.parametrize("name", POPOVERS)
def test_axe_finds_nothing_grave_in_what_folds_out(server, browser, name):
    page = open_page(browser, server[0], "/detect")
    summary(page)
    page.get_by_role("button", name=name, exact=False).first.click()
    page.get_by_test_id("stPopoverBody").wait_for(timeout=LONG)
    for scheme in ("light", "dark"):
        turn(page, scheme)
        assert findings(page) == [], scheme
    page.close()


def test_back_leaves_the_page_after_any_number_of_controls(server, browser):
    page = open_page(browser, server[0], "/choose")
    page.get_by_role("button", name="Try all settings").wait_for(timeout=LONG)
    page.get_by_role("link", name="Detect", exact=True).click()
    before, level = summary(page), panels(page) and page.locator(".panels").get_attribute("data-level")
    page.locator(".panels").focus()
    page.keyboard.press("]")  # an address that the page sets
    wait_until(page, lambda: page.locator(".panels").get_attribute("data-level") != level, "no other level")
    slider = page.get_by_role("slider", name=re.compile("Percentile"))
    slider.focus()
    slider.press("ArrowLeft")  # one that a widget sets
    wait_until(page, lambda: summary(page) != before, "the threshold did not move")
    page.get_by_text("Three planes", exact=True).click()
    wait_until(page, lambda: "view=Three" in page.url and panels(page).count() == 3, "no other view")
    page.go_back()
    page.get_by_role("button", name="Try all settings").wait_for(timeout=LONG)
    assert "/choose" in page.url
    page.close()
