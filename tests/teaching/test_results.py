"""The lesson's figures and the README's are the same ones."""

import pytest

from tools.readme import BEGIN, END, README, markdown, with_results
from uad_core.teaching import Results, results

RECORD = {
    "data": "On ten scans, *seen* by nobody.",
    "command": "python -m uad_core experiment",
    "figures": "Higher is better.",
    "columns": ["model", "AUPRC", "best case", "slice views"],
    "rows": [["best", "0.5", "0.6", "3"], ["model 0", "0.25", "0.3", "none"], ["untried", "", "", "2"]],
    "findings": ["**First**, over two lines.", "Second."],
}


def test_scores_are_the_numbers_of_a_column_in_the_tables_order():
    table = Results(**RECORD)
    assert table.scores("AUPRC") == {"best": 0.5, "model 0": 0.25}
    assert table.scores("slice views") == {"best": 3, "untried": 2}


def test_the_best_score_stands_out_but_not_a_best_case_or_a_length_of_training():
    lines = markdown(Results(**RECORD)).splitlines()
    assert "| best | **0.5** | 0.6 | 3 |" in lines
    assert "| model 0 | 0.25 | 0.3 | none |" in lines
    assert "- Second." in lines


def test_only_the_marked_part_of_a_readme_is_made_anew():
    text = with_results(f"# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n", Results(**RECORD))
    assert text.startswith(f"# Title\n\n{BEGIN}\nOn ten scans")
    assert text.endswith(f"- Second.\n{END}\n\nrest\n")
    with pytest.raises(ValueError, match="no place"):
        with_results("# Title\n", Results(**RECORD))


def test_the_readme_holds_the_measured_figures_of_today():
    measured, text = results(), README.read_text()
    assert with_results(text, measured) == text, "run make readme"
    assert len(measured.scores(measured.columns[1])) >= 5
    assert any("intensity" in row[0] for row in measured.rows)
