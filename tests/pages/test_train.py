"""A training from its request to its use in Detect, in a real browser, with a real process of its own."""

import json
import os
import re
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.atlas.template import template
from uad_core.io.atomic import write_json
from uad_core.io.paths import CHECKPOINTS
from uad_core.runs.training import TrainingRun

EPOCHS = 1000  # never reached: the test is sooner
LONG = 240_000  # ms; two busy cores


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Where this server keeps runs and checkpoints: nothing is left in the project."""
    root = tmp_path_factory.mktemp("training")
    names = {"UAD_RUNS": root / "runs", "UAD_CHECKPOINTS": root / "checkpoints"}
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in names.items():
            patch.setenv(name, str(folder))
        yield tuple(names.values())
    for run in TrainingRun.all(root / "runs"):
        if run.is_active:
            os.kill(run.status.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def address(folders, server):
    return server[0]


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(90_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Four noisy pictures of the template's own slice."""
    folder = tmp_path_factory.mktemp("controls")
    atlas, rng = template(), np.random.default_rng(0)
    grey, brain = atlas.flair.array[MNI_18_LEVEL], atlas.brain_mask[MNI_18_LEVEL]
    for i in range(4):
        noisy = np.where(brain, np.clip(grey + rng.normal(0, 5, grey.shape), 1, 255), 0)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"sub-{i}_FLAIR.png")
    return folder


def fill(page, **values):
    for label, value in values.items():
        field = page.get_by_label(label.replace("_", " "), exact=True)
        field.fill(str(value))
        field.press("Tab")


def button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)  # Streamlit has a Stop too


def test_a_deep_link_is_the_first_visit_and_a_bad_folder_gets_a_sentence_and_loses_nothing(address, folders, page):
    page.goto(f"{address}/train")
    page.get_by_role("heading", name="New training").wait_for(timeout=60_000)
    fill(page, Another_cohort_folder="/no/such/folder", Name="kept", Epochs=7, Seed=3)
    page.get_by_test_id("stAlert").get_by_text("There is no folder /no/such/folder. Check its path.").wait_for()
    for label, value in (
        ("Another cohort folder", "/no/such/folder"),
        ("Name", "kept"),
        ("Epochs", "7"),
        ("Seed", "3"),
    ):
        assert page.get_by_label(label, exact=True).input_value() == value
    assert not folders[0].exists()
    assert button(page, "Start training").is_disabled()
    fill(page, Another_cohort_folder="")
    page.get_by_test_id("stAlert").get_by_text("Choose at least one cohort folder to learn from.").wait_for()
    fill(page, Name="no / such")
    page.get_by_test_id("stAlert").get_by_text("A name has at most 60 letters").wait_for()


def test_a_cohort_of_the_project_with_too_few_healthy_subjects_gets_a_sentence(address, folders, page):
    page.goto(f"{address}/train")
    page.get_by_role("combobox", name="Cohorts in this project").click()
    page.get_by_role("option", name=re.compile(r"data_samples \(1 healthy subject\)")).click()
    page.keyboard.press("Escape")
    page.get_by_test_id("stAlert").get_by_text(re.compile("1 healthy brain only; at least 2 are needed")).wait_for()
    assert button(page, "Start training").is_disabled()
    assert not folders[0].exists()


def test_a_class_trains_on_the_toy_cohort_and_uses_the_model(address, folders, page):
    page.goto(f"{address}/train")
    button(page, "Fill in two minutes with the toy cohort").click()
    page.get_by_text("toy_cohort (40 healthy subjects)").wait_for()
    fill(page, Epochs=2, Name="toy-class")
    button(page, "Start training").click()
    page.get_by_text("Done. Checkpoint toy-class can be chosen").wait_for(timeout=LONG)
    button(page, "Rename").click()
    fill(page, New_name="classroom")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    page.get_by_role("heading", name="classroom").wait_for()
    page.goto(f"{address}/detect?model=toy-class")
    page.get_by_role("combobox", name="Model").wait_for(timeout=LONG)
    assert page.get_by_role("combobox", name="Model").input_value() == "toy-class"
    page.goto(f"{address}/train?run=classroom")
    button(page, "Delete").click(timeout=LONG)
    page.get_by_text("Its checkpoint toy-class as well").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("heading", name="New training").wait_for()
    assert not (folders[0] / "classroom").exists()
    assert not list(folders[1].glob("toy-class*"))


def test_a_training_is_started_reloaded_stopped_resumed_and_used(address, folders, cohort, page):
    page.goto(f"{address}/train")
    fill(page, Another_cohort_folder=cohort, Name="tiny", Epochs=EPOCHS)
    button(page, "Start training").click()
    page.get_by_role("heading", name="tiny").wait_for()
    page.locator(".js-plotly-plot").first.wait_for(timeout=LONG)
    page.reload()
    page.get_by_role("heading", name="tiny").wait_for(timeout=60_000)
    page.locator(".js-plotly-plot").first.wait_for(timeout=LONG)
    page.get_by_text(re.compile(r"Training · epoch \d+ of 1000 · [\d.]+ slices/s")).wait_for(timeout=LONG)
    button(page, "Stop").click()
    button(page, "Resume").wait_for(timeout=LONG)
    stopped = TrainingRun.read(folders[0] / "tiny")
    assert stopped.state == "stopped"
    assert 0 < len(stopped.curve()) < EPOCHS
    button(page, "Use as it is").click()
    page.get_by_text("Done. Checkpoint tiny can be chosen").wait_for(timeout=LONG)
    stopped = TrainingRun.read(folders[0] / "tiny")
    few = len(stopped.curve()) + 2
    stopped.settings["config"]["epochs"] = few  # as if the user had asked for fewer, so that an end can be seen
    write_json(stopped.folder / "settings.json", stopped.settings)
    button(page, "Resume").click()
    for _ in range(LONG // 200):  # that it is done was said before, too
        if len(TrainingRun.read(stopped.folder).curve()) == few:
            break
        page.wait_for_timeout(200)
    button(page, "Resume").wait_for(state="detached", timeout=LONG)
    page.get_by_text("Done. Checkpoint tiny can be chosen").wait_for(timeout=LONG)
    assert len(TrainingRun.read(stopped.folder).curve()) == few
    # the picture may still be on its way when the sentence is there
    loaded = "() => document.querySelector('[data-testid=stImage] img')?.naturalWidth >= 256"
    page.wait_for_function(loaded, timeout=LONG)
    button(page, "Open in Detect").click()
    page.get_by_role("combobox", name="Model").wait_for(timeout=60_000)
    assert page.get_by_role("combobox", name="Model").input_value() == "tiny"


def test_the_name_of_a_finished_training_is_taken(address, cohort, page):
    page.goto(f"{address}/train?run=New training")
    fill(page, Another_cohort_folder=cohort, Name="tiny")
    page.get_by_test_id("stAlert").get_by_text("There is a checkpoint named tiny already").wait_for()


def test_a_model_is_calibrated_on_healthy_scans_and_too_few_get_a_sentence(address, folders, cohort, page, tmp_path):
    folders[1].mkdir(parents=True, exist_ok=True)
    for ending in ("json", "safetensors"):
        shutil.copy(CHECKPOINTS / f"intensity.{ending}", folders[1])
    for number in range(6):
        shutil.copy(cohort / f"sub-{number % 4}_FLAIR.png", tmp_path / f"sub-{number}_FLAIR.png")
    page.goto(f"{address}/train")
    page.get_by_text("Calibrate a model to your own scanner").click()
    fill(page, Folder_of_healthy_scans=cohort)
    button(page, "Calibrate").click()
    page.get_by_text(re.compile("4 healthy scans; at least 5 are needed")).wait_for(timeout=LONG)
    fill(page, Folder_of_healthy_scans=tmp_path)
    button(page, "Calibrate").click()
    page.get_by_text(re.compile("intensity has a new healthy reference")).wait_for(timeout=LONG)
    references = json.loads((folders[1] / "intensity.json").read_text())["calibration"]["references"]
    assert references[tmp_path.name]["scans"] == 6
