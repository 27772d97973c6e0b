"""An evaluation from its request to a patient's images, in a real browser, with a real process of its own."""

import json
import os
import re
import signal

import pytest

from uad_core.io.paths import SAMPLES
from uad_core.runs.evaluation import EvaluationRun

LONG = 240_000  # ms; two busy cores
FORM = "evaluation=New+evaluation&eval_models=denoiser&eval_models=intensity&eval_limit=2"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Where this server keeps runs: nothing is left in the project."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UAD_RUNS", str(folder))
        yield folder
    for evaluation in EvaluationRun.all(folder / "evaluations"):
        if evaluation.is_active:
            os.kill(evaluation.status.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def address(runs, server):
    return server[0]


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    context.set_default_timeout(90_000)
    yield context.new_page()
    context.close()


def button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)  # Streamlit has a Stop too


def viewer(page):
    """The patient's slices, once they are drawn."""
    root = page.get_by_role("group", name=re.compile("^Slices, level"))
    root.wait_for(timeout=LONG)
    return root


def figures(page):
    """The table on screen: model -> its cells."""
    table = page.locator(".evaluation table")
    table.wait_for(timeout=LONG)
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    return {cells[0].split("\n")[0]: cells for cells in rows}


def test_a_bad_folder_gets_a_sentence_and_the_form_stays_as_it_is(address, runs, page):
    page.goto(f"{address}/evaluate?{FORM}")
    page.get_by_role("heading", name="New evaluation").wait_for(timeout=LONG)
    bundled = "data_samples, bundled, simulated (3 patients, 1 healthy subject)"
    assert page.get_by_label("Cohort", exact=True).input_value() == bundled
    folder = page.get_by_label("Another cohort folder", exact=True)
    folder.fill("/no/such/folder")
    folder.press("Tab")
    page.get_by_placeholder("folder", exact=True).wait_for()  # the name that it would get
    button(page, "Evaluate").click()
    page.get_by_test_id("stAlert").get_by_text("There is no folder /no/such/folder. Check its path.").wait_for()
    assert folder.input_value() == "/no/such/folder"
    assert page.get_by_label("Limit", exact=True).input_value() == "2"
    assert not (runs / "evaluations").exists()


def test_an_evaluation_is_stopped_started_again_and_read_and_a_patient_is_a_click_away(address, runs, page):
    page.goto(f"{address}/evaluate?{FORM}")
    button(page, "Evaluate").click(timeout=LONG)
    button(page, "Stop").click(timeout=LONG)
    page.get_by_text("Of an unfinished evaluation nothing is kept").wait_for()
    page.reload()
    button(page, "Start again").click(timeout=LONG)
    shown = figures(page)
    folder = runs / "evaluations" / "data_samples"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(shown) == list(metrics["models"]) == ["denoiser", "intensity"]
    for key, model in metrics["models"].items():
        assert shown[key][1].split("\n")[0] == f"{model['auprc_mean']:.3f} ± {model['auprc_std']:.3f}"
        assert shown[key][1].split("\n")[1] == "[{:.3f}, {:.3f}]".format(*model["auprc_ci"])
        assert shown[key][2].startswith(f"{model['dice_mean']:.3f}")
        assert shown[key][6].startswith(f"{model['best_dice']:.3f}")
    page.get_by_role("heading", name="data_samples: SIMULATED scans").wait_for()
    assert page.locator(".evaluation th.best").all_inner_texts()[0].startswith("BEST CASE")
    page.get_by_text("an interval over so few says little").wait_for()
    with page.expect_download() as download:
        button(page, "metrics.json").click()
    assert download.value.path().read_bytes() == (folder / "metrics.json").read_bytes()

    chart = page.locator(".js-plotly-plot").nth(3)
    chart.scroll_into_view_if_needed()
    points = chart.locator(".scatterlayer .point")
    assert points.count() == 4  # two patients, two models
    points.first.click(force=True)
    page.get_by_text(re.compile("sub-ms01.*simulated scan of a patient")).wait_for(timeout=LONG)
    root = viewer(page)
    assert root.locator("canvas").count() == 6  # scan and truth, and two models' residuals and segmentations
    first = next(one for one in metrics["per_patient"] if (one["subject"], one["model"]) == ("sub-ms01", "denoiser"))
    uploaded = figures(page)["denoiser"]
    assert uploaded[1:4] == [
        f"{first['dice']:.3f}", f"{first['auprc']:.3f}", f"{first['lesions_found']} of {first['lesions']}"
    ]  # fmt: skip
    level = int(root.get_attribute("data-level"))
    root.focus()
    root.press("ArrowDown")
    page.locator(f"[data-drawn='{level - 1}']").wait_for()
    page.reload()
    page.get_by_text(re.compile("sub-ms01.*simulated scan of a patient")).wait_for(timeout=LONG)

    button(page, "All results").click()
    grid = page.get_by_test_id("stDataFrame").locator(".dvn-scroller")
    grid.click(position={"x": 17, "y": 87}, timeout=LONG)  # the box before the second row
    page.get_by_text(re.compile("sub-ms01.*simulated scan of a patient")).wait_for(timeout=LONG)
    viewer(page)

    (folder / "settings.json").unlink()  # as one that was run on the command line
    page.reload()
    scans = page.get_by_label("Folder of these scans", exact=True)
    scans.fill("/no/such/folder", timeout=LONG)
    scans.press("Enter")
    page.get_by_test_id("stAlert").get_by_text("The cohort folder does not exist").wait_for(timeout=LONG)
    scans.fill(str(SAMPLES))
    scans.press("Enter")
    viewer(page)
    button(page, "All results").click()
    button(page, "Delete").click(timeout=LONG)
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("heading", name="measured-soop-infarct: real scans").wait_for(timeout=LONG)
    page.get_by_text("Lesion recall").first.wait_for()
    assert not page.get_by_text("False positives in healthy scans, ml").count()  # of a cohort without any
    assert not folder.exists()
