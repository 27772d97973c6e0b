"""Every case of every kind: a module beside this one with a `KIND` and its `CASES`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.support.input_case import TABLE, InputCase, judged, row, table

MODULES = [import_module(f"tests.inputs.{path.stem}") for path in sorted(Path(__file__).parent.glob("kind_*.py"))]
CASES = [(module.KIND, case) for module in MODULES for case in module.CASES]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case}" for kind, case in CASES])
def test_an_odd_input_is_right_or_refused(kind: str, case: InputCase, rows, request, tmp_path):
    said = judged(case, tmp_path)
    rows[kind, case.tried] = row(case, said)
    if not request.config.getoption("write_inputs"):
        assert row(case, said) in TABLE.read_text().splitlines(), "run make inputs"


def test_the_page_holds_these_cases_and_no_others(request):
    assert len({(kind, case.tried) for kind, case in CASES}) == len(CASES)
    if request.config.getoption("write_inputs"):
        return
    page = TABLE.read_text()
    empty = table((kind, row(case, "")) for kind, case in CASES)
    assert [start(line) for line in page.splitlines()] == [start(line) for line in empty.splitlines()], "make inputs"


def start(line: str) -> str:
    """A line of the page without its sentence, which comes from a run."""
    return line.rpartition(" | ")[0] if line.startswith("| ") else line
