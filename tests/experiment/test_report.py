"""The report: its numbers are those of metrics.json, simulated and real stand apart, and nothing is asked for."""

import json
import re
from dataclasses import replace
from html import unescape
from io import BytesIO

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image

from tests.support.metrics import metrics_of
from uad_core import RESEARCH_ONLY
from uad_core.evaluate.glossary import conditions, explanation
from uad_core.experiment.contents import (
    CohortResults,
    Contents,
    Examples,
    ModelCard,
    Realism,
    SlicePanel,
    SubtleLesions,
)
from uad_core.experiment.report import charts, style
from uad_core.experiment.report.build import build_report
from uad_core.experiment.report.claims import verdicts
from uad_core.experiment.report.cohort import dependence
from uad_core.experiment.report.slices import comparison
from uad_core.experiment.report.style import line_style
from uad_core.experiment.report.tables import table_1_tsv


def results_of(name, simulated, keys=("intensity", "sae3", "dae")):
    curves = {
        key: {"recall": [0.1, 1.0], "precision": [0.9, 0.1], "normal": [90, 10, 0, 0], "anomalous": [1, 5, 3, 1]}
        for key in keys
    }
    metrics = metrics_of(name, simulated, keys)
    panels = tuple(panel_of(key) for key in keys)
    again = tuple(replace(panel_of(""), key=key) for key in keys[1:])
    record = {
        "subject": "sub-1", "level": 87, "ml": 0.05, "intensity": 0.5, "rank": 50.0, "found_by": "sae3",
    }  # fmt: skip
    lesions = SubtleLesions(7, (record,), (panel_of(""),))
    return CohortResults(metrics, {"models": curves}, Examples(panels, again, panels), lesions, name)


def panel_of(key):
    rng = np.random.default_rng(0)
    truth = np.zeros((60, 50), bool)
    truth[20:30, 5:12] = True  # on the left of the picture: the patient's right
    scan = np.where(truth, 0.9, 0.5 * rng.random((60, 50))).astype(np.float32)
    values = None if not key else np.where(truth, 0.4, 0.05).astype(np.float32)
    return SlicePanel(key, "sub-1", 87, "D 0.41", scan, truth, values, None if values is None else values > 0.1, 0.4)


def card_of(name, learned="yes", latents=512, samples=False, curve=True):
    losses = [{"epoch": i, "l1": 0.1 / (i + 1), "validation": 0.12 / (i + 1), "images_per_second": 5} for i in range(3)]
    record = {
        "healthy_l1": 0.02, "trivial_l1": 0.03, "epochs": 3, "images": 1000, "command": f"train {name}",
        "loss_curve": losses if curve else [],
    }  # fmt: skip
    drawn = np.full((3, 256, 256), 0.4, np.float32) if samples else None
    return ModelCard(name, name, 1234567, learned, latents, "512", "ab" * 32, record, drawn)


def contents_of(**changes):
    cards = (
        card_of("intensity", "nothing to learn", None, curve=False),
        card_of("sae3", latents=16384, samples=True),
        card_of("dae", "no: did not learn"),
    )
    repeat = {
        "command": "python -m uad_core experiment --quick",
        "settings": {"seed": 2018},
        "versions": {"torch": "2.13.0"},
        "cohorts": [{"cohort": "made", "kind": "simulated", "patients": 4, "healthy": 1, "levels": "87", "sha": "0f"}],
    }
    cohorts = [results_of("drawn-real", False), results_of("made", True)]
    return replace(Contents(cohorts, cards, None, ("Models without a checkpoint: sae1.",), repeat), **changes)


@pytest.fixture(scope="module")
def report():
    return build_report(contents_of(realism=realism_of()))


def cells_of(html, name):
    """Model -> cells of the first table behind a cohort's heading."""
    table = html.split(f": {name}</h2>")[1].split("</table>")[0]
    rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", unescape(row).replace("<br>", " "))
        for row in re.findall(r"<tr>(.*?)</tr>", table)
    ]
    return rows[0], {row[0]: row for row in rows[1:]}


def test_the_table_holds_the_numbers_of_the_metrics(report):
    headings, rows = cells_of(report.html, "made")
    model = results_of("made", True).metrics["models"]["sae3"]
    line = dict(zip(headings, rows["sae3"], strict=True))
    assert line["AUPRC, pooled"].startswith(f"{model['auprc_pooled']:.3f} [{model['auprc_pooled_ci'][0]:.3f}, ")
    dice = line["Dice, mean ± sd"]
    assert dice.startswith(f"{model['dice_mean']:.3f} ± {model['dice_std']:.3f} [")
    assert line["False positives in healthy scans, ml"] == "13.34 [10.00, 14.00]"
    assert line["AUPRC less model 0's"].startswith("−0.0")
    assert "<td>1,234,567</td>" in report.html.split(">Trainings</h2>")[1]
    assert (rows["dae"][1], rows["intensity"][1]) == ("no: did not learn", "nothing to learn")
    assert rows["intensity"][headings.index("AUPRC less model 0's")] == "–"


def test_best_cases_are_called_so_and_stand_apart(report):
    headings, _ = cells_of(report.html, "made")
    best = [heading for heading in headings if heading.startswith("BEST CASE ")]
    assert headings[-2:] == best
    assert len(best) == 2
    assert report.html.count('<th scope="col" class="best">') == 4
    assert "threshold was picked on the truth, which no user has" in report.html
    columns = report.table_tsv.splitlines()[0].split("\t")
    assert "best_dice" not in columns
    assert {"best_case_dice", "best_case_dice_pooled"} <= set(columns)


def test_simulated_and_real_scans_have_tables_of_their_own_simulated_first(report):
    html = report.html
    assert html.index("Simulated scans: made</h2>") < html.index("Real scans: drawn-real</h2>")
    assert html.count("<h3>Table 1</h3>") == 2
    lines = [line.split("\t") for line in report.table_tsv.splitlines()]
    assert {(line[0], line[1]) for line in lines[1:]} == {("simulated", "made"), ("real", "drawn-real")}


def test_the_page_asks_for_nothing_from_anywhere(report):
    without_pictures = re.sub(r'src="data:image/png;base64,[^"]+"', "", report.html)
    for word in ("http:", "https:", "//", "src=", "<script", "<link", "url(", "@import"):
        assert word not in without_pictures, word
    assert RESEARCH_ONLY in report.html


def test_every_figure_is_in_the_page_and_a_picture(report):
    assert report.html.count("data:image/png;base64,") == len(report.figures)
    for kind in (
        "fig4",
        "redrawn",
        "fig6",
        "precision_recall",
        "dice_by_percentile",
        "scatter",
        "worst",
        "normal_lesions",
    ):
        assert {f"made_{kind}.png", f"drawn-real_{kind}.png"} <= set(report.figures)
    assert {"fig5_samples.png", "latent.png", "training_curves.png"} <= set(report.figures)
    for picture in report.figures.values():
        pixels = np.array(Image.open(BytesIO(picture)).convert("L"))
        assert pixels.std() > 5, "an empty picture"


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made and not drawn, which takes most of the time."""
    monkeypatch.setattr(style, "encode_figure", lambda figure: b"picture")


def test_what_is_missing_is_said_and_breaks_nothing(undrawn):
    bare = replace(
        results_of("made", True, ("plain-intensity",)), examples=Examples(), lesions=SubtleLesions(0, (), ())
    )
    for key in ("dice_mean", "threshold", "dice_by_percentile", "reference", "false_positive_ml", "seconds_per_slice"):
        bare.metrics["models"]["plain-intensity"][key] = None
    page = build_report(contents_of(cohorts=[bare], cards=())).html
    for sentence in (
        "Models without a checkpoint: sae1.",
        "There is no row for model 0",
        "No checkpoint here has a prior",
        "No checkpoint here has a training curve",
        "missing from this study: sae1, sae2, sae3, dae",
        "name a real one with --cohort",
        "None of the paper",
        "0 of 0 lesions",
    ):
        assert sentence in page, sentence


def test_a_cohort_of_healthy_scans_alone_shows_false_positives_and_no_empty_figures(undrawn):
    results = replace(results_of("controls", False), examples=Examples(), lesions=SubtleLesions(0, (), ()))
    results.metrics["patients"] = results.metrics["brains"] = 0
    for row in results.metrics["per_patient"]:
        row |= {"healthy": True, "auprc": None, "dice": None}
    for model in results.metrics["models"].values():
        model["auprc_pooled"] = None
    report = build_report(contents_of(cohorts=[results, results_of("made", True)]))
    assert not [name for name in report.figures if name.startswith("controls_")]
    section = report.html.split("Real scans: controls</h2>")[1].split("<h2")[0]
    assert "No subject has a lesion at these levels" in section
    assert "sub-0: 1.0 ml" in section
    assert "The paper's claims" not in section


def test_the_list_at_the_top_leads_to_every_section(report):
    names = re.findall(r'<h2 id="([^"]+)">', report.html)
    assert len(names) >= 7
    assert re.findall(r'<a href="#([^"]+)">', report.html) == names


def test_names_from_a_cohort_are_text_and_never_markup(undrawn):
    results = results_of("<script>alert(1)</script>", True)
    page = build_report(contents_of(cohorts=[replace(results, folder="x")])).html
    assert "<script" not in page


def test_failures_name_the_worst_patients_and_the_refused(report):
    assert "sub-9 was left out: The picture is black." in report.html
    assert "sub-0 0.000 (3.0 ml); sub-1 0.100 (3.0 ml)" in report.html
    text = " ".join(report.html.split())
    assert "1 of 7 lesions have a median intensity between the 5th and the 95th" in text


def test_what_makes_figures_less_independent_than_they_look_is_said():
    metrics = dict(results_of("made", True).metrics)
    assert dependence(metrics) == []
    assert "made (simulated, 10 to 12 scans)" in explanation(metrics)
    assert "no model was trained on (1). " in explanation(metrics)
    known = [row | {"seen": "anatomy"} for row in metrics["per_patient"] if row["subject"] in ("sub-1", "sub-2")]
    healthy = [{"subject": "sub-h", "healthy": True, "seen": "calibrated"}] * 2  # by two models
    metrics |= {"brains": 3, "per_patient": [*metrics["per_patient"], *known, *healthy]}
    few, trained = dependence(metrics)
    assert few.startswith("The 4 patients were made from 3 brains")
    assert trained == "2 patients were made from brains that a model here was trained on."
    volumes = metrics | {"levels": [86, 87]}
    assert conditions(metrics) == []
    assert conditions(volumes)[0].startswith("The thresholds come from single slices (made), ")
    assert "no model was trained on (1, 1 of them behind a threshold themselves). " in explanation(metrics)


def test_a_claim_holds_only_where_the_whole_interval_lies_on_its_side():
    results = results_of("made", True, ("dae", "sae3", "svae-gan"))
    found = {line[1]: line for line in verdicts(results)}
    assert found["sae3 less dae"][2:] == ["+0.100 [+0.100, +0.100]", "yes"]
    swapped = {line[1]: line for line in verdicts(results_of("made", True, ("sae3", "dae")))}
    assert swapped["sae3 less dae"][3] == "no, reversed"
    assert "sae1 less dae" not in found


def test_a_picture_keeps_the_patients_right_on_the_left():
    png = style.encoded({"fig4": comparison([panel_of("sae3")])})["fig4"]
    pixels = np.array(Image.open(BytesIO(png)).convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 80) & (pixels[..., 2] > 180)
    columns = np.flatnonzero(blue.any(axis=0))
    first_panel = columns[columns < pixels.shape[1] / 2]
    assert first_panel.size
    assert first_panel.mean() < pixels.shape[1] / 4, "the outline lies in the left half of the left panel"


def test_thirteen_models_have_thirteen_line_styles():
    assert len({tuple(line_style(index).items()) for index in range(13)}) == 13


def test_figures_without_a_value_are_n_a_in_the_file():
    assert table_1_tsv([results_of("made", True)], {}).count("n/a") > 0
    json.dumps(results_of("made", True).metrics)


def realism_of():
    pictures = {name: np.full((6, 202, 168), 0.5, np.float32) for name in ("made", "drawn-real")}
    frequencies = np.arange(49) / 96
    spectra = {name: np.tile(1 / (1 + frequencies), (3, 1)) * np.array([[0.5], [1], [2]]) for name in pictures}
    densities = {name: np.ones(100) for name in pictures}
    return Realism(
        87, pictures, (np.arange(100) + 0.5) / 100, densities, frequencies, spectra, ("made",),
        {"made": 6, "drawn-real": 6},
        ({"pair": "made, drawn-real", "intensity": "0.0123", "db": "1.50", "auc": "0.93"},),
    )  # fmt: skip


def test_simulated_and_real_slices_are_drawn_side_by_side(report):
    assert {"realism.png", "realism_slices.png"} <= set(report.figures)
    assert "0.0123" in report.html
    assert "0.93" in report.html


def test_a_figure_is_the_same_bytes_twice(report):
    results = contents_of().cohorts[1]
    with rc_context(style.RC):
        again = style.encoded(
            {"curves": charts.precision_recall(results), "fig4": comparison(results.examples.typical)}
        )
    assert again["curves"] == report.figures["made_precision_recall.png"]
    assert again["fig4"] == report.figures["made_fig4.png"]
