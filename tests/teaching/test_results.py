"""The lesson's figures are those of the README."""

import pytest

from uad_core.teaching import measured
from uad_core.teaching.readme_table import README

TEXT = """# Title

## What was measured

On ten scans, *seen* by nobody.

| model | AUPRC, positive | epochs |
|---|---|---|
| best | **0.5** | 3 |
| model 0 | 0.25 | none |
| untried | | 2 |

What this says:

- **First**, over
  two lines.
- Second.

| | |
|---|---|
| another | table |

## Limits

- Not of this section.
"""


def test_the_first_table_of_models_its_conditions_and_findings_are_read():
    table = measured(TEXT)
    assert table.conditions == "On ten scans, *seen* by nobody."
    assert table.columns == ("model", "AUPRC, positive", "epochs")
    assert table.rows[0] == ("best", "0.5", "3")
    assert table.scores("AUPRC, positive") == {"best": 0.5, "model 0": 0.25}
    assert table.scores("epochs") == {"best": 3, "untried": 2}
    assert table.findings == ("**First**, over two lines.", "Second.")


@pytest.mark.parametrize("text", ["", "## What was measured\n\nNothing yet.\n", TEXT.replace("measured", "planned")])
def test_a_readme_without_figures_gives_none(text):
    assert measured(text) is None


def test_this_projects_readme_holds_figures_of_models_and_of_model_0():
    table = measured(README.read_text())
    scored = next(scores for column in table.columns[1:] if (scores := table.scores(column)))
    assert len(scored) >= 5
    assert any("intensity" in name for name in scored)
    assert table.conditions
    assert table.findings
