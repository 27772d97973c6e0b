"""What the pages make of links and controls, without a browser: whole scripts, real scans, real models."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.inputs.scan_picker import OWN
from pages.ui.inputs.selected_scan import FIRST, bundled
from pages.ui.shell.niivue import Release
from pages.ui.shell.page import PAGES
from uad_core import RESEARCH_ONLY
from uad_core.atlas.space import PAPER_SLAB
from uad_core.detect.from_file import summary
from uad_core.detect.presets import usual_config
from uad_core.io.paths import ROOT
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan

NAVIGATION = ROOT / "navigation.py"
PAPER, SUITS = "Paper's setting", "App defaults"


@pytest.fixture
def visit():
    """Opens a page as a link does."""

    def open_page(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(NAVIGATION, default_timeout=120)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        app.switch_page(f"pages/{page}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return settled(app.run())

    return open_page


def settled(app: AppTest) -> AppTest:
    """Run again, as a browser does, while work is under way."""
    while any(button.label == "Cancel" for button in app.button):
        app.run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def reconstruction():
    prepared = prepare_scan(bundled(FIRST).source, PAPER_SLAB, PrepareOptions(), lambda step, share: None)
    return reconstruct(prepared, load_checkpoint(STRONGEST))


def says(app: AppTest, sentence: str) -> bool:
    return any(sentence in one.value for one in (*app.markdown, *app.info, *app.caption))


def expected(reconstruction, **setting) -> str:
    """The sentence of the command line for what differs from the setting that suits the model."""
    usual, names = usual_config(reconstruction.checkpoint), {field.name for field in fields(PostprocessConfig)}
    post = replace(usual.postprocess, **{key: setting.pop(key) for key in names & setting.keys()})
    return summary(segment(reconstruction, replace(usual, **setting, postprocess=post)))


@pytest.mark.parametrize("page", [Path(file).stem for file, *_ in PAGES])
def test_every_page_opens_and_says_what_it_is_not_for(visit, page):
    assert says(visit(page), RESEARCH_ONLY)


def test_detect_says_what_the_core_finds_and_follows_every_control(visit, reconstruction):
    app = visit("detect")
    assert says(app, expected(reconstruction))
    app.slider(key="percentile").set_value(95.0).run()
    assert says(app, expected(reconstruction, percentile=95.0))
    app.select_slider(key="median_size").set_value(3).run()
    app.slider(key="min_lesion_mm3").set_value(50.0).run()
    app.slider(key="erosion_mm").set_value(4.0).run()
    setting = {"percentile": 95.0, "median_size": 3, "min_lesion_mm3": 50.0, "erosion_mm": 4.0}
    assert says(app, expected(reconstruction, **setting))
    app.radio(key="signed").set_value("absolute").run()
    assert says(app, expected(reconstruction, **setting, signed="absolute"))
    next(button for button in app.button if button.label == PAPER).click().run()
    assert says(app, expected(reconstruction, percentile=98.0, signed="absolute"))
    next(button for button in app.button if button.label == SUITS).click().run()
    assert says(app, expected(reconstruction))


def test_an_untouched_percentile_follows_the_model_and_a_chosen_one_stays(visit):
    app = visit("detect")
    assert app.slider(key="percentile").value == 99.8
    settled(app.selectbox(key="model").set_value("intensity").run())
    assert app.slider(key="percentile").value == 98.0
    app.slider(key="percentile").set_value(97.0).run()
    settled(app.selectbox(key="model").set_value(STRONGEST).run())
    assert app.slider(key="percentile").value == 97.0


def test_a_percentile_moved_to_what_suits_another_model_stays_as_well(visit):
    app = visit("detect")
    app.slider(key="percentile").set_value(98.0).run()
    for model in ("intensity", STRONGEST):
        settled(app.selectbox(key="model").set_value(model).run())
        assert app.slider(key="percentile").value == 98.0
    next(button for button in app.button if button.label == SUITS).click().run()
    settled(app.selectbox(key="model").set_value("intensity").run())
    settled(app.selectbox(key="model").set_value(STRONGEST).run())
    assert app.slider(key="percentile").value == 99.8


def test_an_absolute_threshold_comes_in_place_of_the_percentile_and_goes_again(visit, reconstruction):
    app = visit("detect")
    app.slider(key="percentile").set_value(99.0).run()
    app.toggle(key="absolute").set_value(True).run()
    assert app.slider(key="percentile").disabled
    app.number_input(key="threshold box").set_value(0.2).run()
    assert says(app, expected(reconstruction, threshold=0.2))
    assert app.query_params["threshold"] == "0.2000"
    app.number_input(key="threshold box").set_value(1.0).run()
    assert says(app, "No voxel above the threshold")
    app.toggle(key="absolute").set_value(False).run()
    assert says(app, expected(reconstruction, percentile=99.0))


def test_a_false_discovery_rate_comes_beside_the_percentile(visit, reconstruction):
    app = visit("detect")
    app.toggle(key="discovery").set_value(True).run()
    app.slider(key="discovery_rate").set_value(20.0).run()
    assert says(app, expected(reconstruction, false_discovery=20.0))
    app.slider(key="percentile").set_value(99.9).run()
    assert says(app, expected(reconstruction, percentile=99.9, false_discovery=20.0))
    app.toggle(key="absolute").set_value(True).run()
    assert app.slider(key="discovery_rate").disabled
    app.number_input(key="threshold box").set_value(0.2).run()
    assert says(app, expected(reconstruction, threshold=0.2))


def test_where_to_look_is_chosen_and_said(visit, reconstruction):
    app = visit("detect")
    app.selectbox(key="look").set_value("white-matter").run()
    assert says(app, "Looked for white-matter disease")
    assert says(app, expected(reconstruction, look="white-matter"))
    app.selectbox(key="look").set_value("own-mask").run()
    assert any("no mask to look within" in one.value for one in app.error)
    app.selectbox(key="look").set_value("everywhere").run()
    assert says(app, expected(reconstruction))


def test_a_link_carries_the_setting_and_nonsense_in_it_is_left_aside(visit, reconstruction):
    app = visit("detect", percentile="90.0", median_size="7", level="75")
    assert says(app, expected(reconstruction, percentile=90.0, median_size=7))
    assert app.slider(key="level").value == 75
    nonsense = {"percentile": "soon", "median_size": "4", "level": "900", "model": "oracle", "scan": "../../etc"}
    assert says(visit("detect", **nonsense), expected(reconstruction))


@pytest.mark.parametrize("page", ["detect", "compare", "scan"])
def test_without_a_scan_of_ones_own_the_page_says_where_to_bring_one(visit, page):
    assert says(visit(page, scan=OWN), "No scan of yours is loaded")


def test_models_with_the_same_weights_each_have_their_own_result(visit):
    """The marker of the middle slices and of the whole brain; model 0 and its like, which have no weights."""
    assert load_checkpoint("marker").sha256 == load_checkpoint("marker-whole").sha256
    app = visit("detect")
    middle = [one.value for one in app.markdown]
    app.radio(key="levels").set_value("Whole brain").run()
    settled(app)
    assert app.selectbox(key="model").value == "marker-whole"
    assert (app.slider(key="level").min, app.slider(key="level").max) == (0, 154)
    assert [one.value for one in app.markdown] != middle
    table = visit("compare", models=["intensity", "fuzzy"]).dataframe[0].value
    assert table["ml"][0] != table["ml"][1]


def test_compare_keeps_its_models_when_the_levels_change(visit):
    whole, middle = ["denoiser-whole", "intensity-whole"], ["denoiser", "intensity", "sae3"]  # sae3 of all levels: none
    app = visit("compare", models=middle)
    for level, models in (("Whole brain", whole), ("Middle slices", middle)):
        settled(app.radio(key="levels").set_value(level).run())
        assert list(app.multiselect(key="models").value) == models
        assert says(app, "Not at these levels: sae3") == (level == "Whole brain")


def test_compare_opens_each_model_at_what_suits_it(visit):
    app = visit("compare", models=["marker", "sae3"])
    suits = {name: load_checkpoint(name).spec.percentile for name in ("marker", "sae3")}
    assert suits["marker"] > suits["sae3"]
    assert {name: app.slider(key=f"percentile_{name}").value for name in suits} == suits
    assert app.slider(key="percentile").disabled
    own = app.dataframe[0].value
    app.toggle(key="apart").set_value(False).run()
    together = app.dataframe[0].value
    assert not app.slider(key="percentile").disabled
    assert together["ml"][0] > own["ml"][0]
    assert together["ml"][1] == own["ml"][1]


def test_compare_wants_two_models_and_its_own_settings_go_back_to_the_paper(visit):
    app = visit("compare")
    names = list(app.multiselect(key="models").value)
    app.multiselect(key="models").set_value(names[:1]).run()
    assert says(app, "Choose two to six models")
    app.multiselect(key="models").set_value(names[:2]).run()
    table = settled(app).dataframe[0].value
    assert list(table["model"]) == names[:2]
    app.slider(key=f"percentile_{names[1]}").set_value(90.0).run()
    apart = app.dataframe[0].value
    assert apart["ml"][0] == table["ml"][0]
    assert apart["ml"][1] > table["ml"][1]
    next(button for button in app.button if button.label == PAPER).click().run()
    assert [app.slider(key=f"percentile_{name}").value for name in names[:2]] == [98.0, 98.0]
    paper = app.dataframe[0].value
    app.toggle(key="apart").set_value(False).run()
    assert app.dataframe[0].value["ml"].equals(paper["ml"])


@pytest.mark.parametrize(("view", "words"), [("Three planes", "Levels 70 to 89 were searched"), ("3-D", "NiiVue")])
def test_other_views_show_all_levels_and_change_nothing_of_what_was_found(visit, reconstruction, view, words):
    app = visit("detect", view=view)
    assert says(app, words)
    assert says(app, expected(reconstruction))


def test_without_niivue_the_3d_view_says_how_to_get_it(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(Release, "path", tmp_path / "none.gz")
    app = visit("detect", view="3-D")
    assert says(app, "`make setup` fetches it")
    assert says(app, "NPM_CONFIG_REGISTRY")
