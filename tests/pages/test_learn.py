"""The lesson, as a lecturer runs it: in a real browser, with the numbers on screen computed again."""

import re

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.ui.inputs.selected_scan import FIRST, bundled
from uad_core.atlas.space import PAPER_SLAB
from uad_core.models import MODELS
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.render.views import slice_voxel
from uad_core.teaching import arithmetic, default_voxel, explain, voxel_pixel

LONG = 240_000  # ms; two busy cores
MODEL = "sae3"
SUITED = DetectConfig(postprocess=PostprocessConfig(MODELS[MODEL].signed))
CHAPTERS = {  # and what is there once a chapter is drawn
    "Idea": "figcaption >> text=Segmentation",
    "Voxel": ".katex",
    "Median": "text=neighbours exceed",
    "Threshold": "text=The same threshold flags",
    "Paint": "figcaption >> text=found",
    "Mid-grey": "text=Choose a model that reconstructs",  # model 0 is the only one that looks
    "Latent": "[data-testid=stImage] img",
    "Limits": "[data-testid=stDataFrame]",
}


@pytest.fixture(scope="module")
def page(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.address, page.log = server
    yield page
    context.close()


@pytest.fixture(scope="module")
def reconstructed():
    """The lesson's first scan, as the page should see it."""
    source = bundled(FIRST).source
    prepared = prepare_scan(source, PAPER_SLAB, PrepareOptions(), lambda step, fraction: None)
    return reconstruct(prepared, load_checkpoint(MODEL))


def formula(page) -> str:
    """The arithmetic as it was written, from what is kept for screen readers."""
    written = page.locator("annotation[encoding='application/x-tex']").first.text_content(timeout=LONG)
    return written.removeprefix(r"\LARGE ")


def wait_for_text(page, read, accept, tries=150):
    for _ in range(tries):
        page.wait_for_timeout(200)
        if accept(text := read(page)):
            return text
    raise AssertionError(f"the page still says {text}")


def test_a_deep_link_opens_a_chapter_and_its_numbers_are_those_of_the_core(page, reconstructed):
    page.goto(f"{page.address}/learn?chapter=Voxel&lesson_model={MODEL}")
    page.get_by_text("not for diagnosis").first.wait_for(timeout=LONG)
    config = SUITED
    voxel = default_voxel(reconstructed, segment(reconstructed, config), "positive")
    assert formula(page) == arithmetic(explain(reconstructed, config, voxel))


def test_a_click_chooses_another_voxel_whose_arithmetic_is_recomputed(page, reconstructed):
    config, before = SUITED, formula(page)
    canvas = page.locator("canvas").first
    level = int(page.locator(".panels").first.get_attribute("data-level"))
    index = level - PAPER_SLAB.first
    column, row = voxel_pixel(reconstructed.prepared, (index, 120, 110))
    width, height = canvas.evaluate("c => { const g = c.closest('figure').grey.canvas; return [g.width, g.height]; }")
    box = canvas.bounding_box()
    canvas.click(position={"x": (column + 0.5) / width * box["width"], "y": (row + 0.5) / height * box["height"]})
    after = wait_for_text(page, formula, lambda text: text != before)
    voxel = slice_voxel(reconstructed.prepared, index, column, row)
    assert voxel == (index, 120, 110)
    explanation = explain(reconstructed, config, voxel)
    assert after == arithmetic(explanation)
    page.get_by_text(
        f"The scan shows {explanation.scan:.2f}, the model draws {explanation.reconstruction:.2f}"
    ).wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="A voxel asks its neighbours").wait_for(timeout=LONG)
    page.get_by_text(f"{explanation.above} of {explanation.neighbours.size} neighbours exceed").wait_for(timeout=LONG)


def found(page) -> str:
    return page.locator("figcaption").filter(has_text="found").first.inner_text(timeout=LONG)


def test_a_painted_lesion_is_seen_when_it_is_bright_and_vanishes_in_mid_grey(page):
    page.goto(f"{page.address}/learn?chapter=Paint&lesson_watched=intensity")
    at_first = wait_for_text(page, found, lambda text: re.fullmatch(r"intensity: \d+ % found", text))
    page.locator(".js-plotly-plot").first.wait_for(timeout=LONG)
    page.get_by_text(re.compile("Half of it is found from grey [0-9.]+ on by intensity")).wait_for()
    slider = page.get_by_role("slider", name="Grey of the lesion")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    wait_for_text(page, found, lambda text: text == "intensity: 0 % found")
    for _ in range(7):
        slider.press("ArrowRight")
    share = int(re.search(r"\d+", at_first)[0])  # each key is a run of its own: what lies between is passed over
    wait_for_text(page, found, lambda text: int((re.search(r"\d+", text) or ["-1"])[0]) > share)


def test_a_picture_that_comes_back_is_sent_whole(page):
    """The session is dead if the browser has forgotten meanwhile what a mere reference speaks of."""
    received = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(frame)))
    page.goto(f"{page.address}/learn?chapter=Paint&lesson_watched=intensity")
    page.get_by_text("painted in grey 0.7").wait_for(timeout=LONG)
    for key, grey in (("ArrowLeft", 0.65), ("ArrowRight", 0.7), ("ArrowLeft", 0.65)):
        page.get_by_role("slider", name="Grey of the lesion").press(key)
        page.get_by_text(f"painted in grey {grey}").wait_for(timeout=LONG)
    messages = [ForwardMsg.FromString(frame) for frame in received if isinstance(frame, bytes)]
    assert sum(message.ByteSize() > 10_000 for message in messages) >= 4
    assert not any(message.HasField("ref_hash") for message in messages)


def test_every_chapter_is_one_step_from_the_last_and_none_breaks(page):
    page.goto(f"{page.address}/learn?lesson_watched=intensity&lesson_model={MODEL}")
    for number, name in enumerate(CHAPTERS):
        page.get_by_text(f"{number + 1} of {len(CHAPTERS)} ·").wait_for(timeout=LONG)
        assert number == 0 or f"chapter={name}" in page.url
        page.locator(CHAPTERS[name]).first.wait_for(timeout=LONG)
        assert page.get_by_test_id("stException").count() == 0
        if name != "Limits":
            page.get_by_role("button", name="Next").click()
    page.get_by_text("Checkpoints, and what they were trained on").wait_for(timeout=LONG)
    assert page.get_by_role("button", name="Next").is_disabled()
    assert "Traceback" not in page.log.read_text(errors="replace")
