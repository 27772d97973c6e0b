"""One table of columns: as tab-separated, fixed-width and HTML text."""

import csv
import io
from html import unescape

from tests.support.metrics import metrics_of
from uad_core.evaluate.format import (
    COLUMNS,
    NONE,
    fixed_width,
    flat,
    interval,
    number,
    spread,
    tab_separated,
    table,
)
from uad_core.evaluate.glossary import GLOSSARY, explanation, percentiles
from uad_core.evaluate.metrics_file import Figure, model_rows
from uad_core.evaluate.tables import model_table, patient_table
from uad_core.render.html import Cell, Table


def test_numbers_without_a_value_are_a_dash():
    assert (number(None), number(-0.1234), interval(None, None)) == (NONE, "−0.123", "")
    assert spread(Figure(0.5)) == Cell("0.500")
    assert spread(Figure(0.5, 0.4, 0.6, 0.1)) == Cell("0.500 ± 0.100", "[0.400, 0.600]")
    assert spread(Figure(None, None, None, None)) == Cell(NONE)


def test_a_fixed_width_table_lines_its_columns_up():
    made = Table(("model", "Dice"), [["denoiser", Cell("0.5", "[0.4, 0.6]")], ["a", Cell("0.25")]])
    assert fixed_width(made) == "model     Dice\ndenoiser  0.5\na         0.25"
    assert fixed_width(made, intervals=True) == "model     Dice\ndenoiser  0.5 [0.4, 0.6]\na         0.25"


def test_tab_separated_text_has_every_column_of_every_record_and_n_a_where_there_is_nothing():
    text = tab_separated([{"a": 1, "b": None}, {"a": 0.123456789, "c": ""}, {"c": True}])
    assert text == "a\tb\tc\n1\tn/a\tn/a\n0.123457\tn/a\tn/a\nn/a\tn/a\tTrue\n"


def test_nested_records_become_columns_and_intervals_their_two_ends():
    assert flat({"a": 1, "d": {"x": {"ci": [1, 2]}}, "levels": [1, 2, 3]}) == {
        "a": 1, "d_x_ci_low": 1, "d_x_ci_high": 2, "levels": [1, 2, 3],
    }  # fmt: skip


def test_every_column_of_the_table_shows_the_figure_that_its_heading_names():
    metrics = metrics_of("made", True)
    record, shown = metrics["models"]["sae3"], table(list(COLUMNS.values()), model_rows(metrics))
    line = dict(zip(shown.headings, shown.rows[1], strict=True))
    assert line["Model"] == Cell("sae3")
    assert line["Lesion recall"] == Cell(f"{record['lesion_recall']:.3f}")
    assert line["AUPRC, pooled"].text == f"{record['auprc_pooled']:.3f}"
    assert line["Dice, mean ± sd"].text == f"{record['dice_mean']:.3f} ± {record['dice_std']:.3f}"
    assert line["False positives in healthy scans, ml"] == Cell("13.34", "[10.00, 14.00]")
    assert line["BEST CASE Dice, mean ± sd"].text.startswith(f"{record['best_dice']:.3f} ± ")
    assert [shown.headings[index] for index in shown.best_cases] == [
        "BEST CASE Dice, mean ± sd", "BEST CASE Dice, one threshold",
    ]  # fmt: skip


def test_the_files_leave_columns_out_that_nobody_fills():
    metrics = metrics_of("made", True, ("plain-intensity",))
    metrics["models"]["plain-intensity"] |= {"reference": None, "threshold": None}
    (row,) = csv.DictReader(io.StringIO(model_table(metrics)), dialect="excel-tab")
    assert list(row)[:3] == ["cohort", "row", "model"]
    assert not {"reference", "threshold"} & set(row)
    assert float(row["dice_ci_low"]) < float(row["dice_mean"]) < float(row["dice_ci_high"])
    assert len(patient_table(metrics).splitlines()) == 1 + 4


def test_where_the_models_have_percentiles_of_their_own_each_is_named():
    metrics = metrics_of("made", True, ("marker", "sae1", "sae3", "plain-intensity"))
    for key, own in (("marker", 99.8), ("sae1", 98), ("sae3", 98), ("plain-intensity", None)):
        metrics["models"][key] |= {"percentile": own}
    assert percentiles(metrics) == "percentile 99.8 (marker), 98 (sae1, sae3)"


def test_page_and_report_explain_the_figures_in_the_words_of_the_glossary():
    text = explanation(metrics_of("made", True))
    for term in ("dice", "auprc", "interval", "lesions", "difference", "best_dice"):
        assert GLOSSARY[term] in text
    assert "percentile 98, made (simulated, 10 to 12 scans)." in text
    assert "no model was trained on (1). " in text
    assert unescape(text) == text
