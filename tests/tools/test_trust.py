"""What long runs measured gets into the page that people read, with its date."""

import json

import pytest

from tools.audit import sentence
from tools.trust import BEGIN, END, PAGE, RECORDS, RUNS, record, show, table
from uad_core.io.paths import ROOT


@pytest.fixture
def places(tmp_path):
    (tmp_path / "page.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    return tmp_path / "records.json", tmp_path / "page.md"


def test_what_a_run_measured_stands_in_the_page_beside_its_promise_and_the_rest_stays(places):
    record("kills", "200 kills: 0 lost", *places)
    record("soak", "+0.01 MB a visit", *places)
    record("kills", "300 kills: 0 lost", *places)
    text = places[1].read_text()
    assert text.startswith(f"before\n{BEGIN}\n| promise |")
    assert text.endswith(f"{END}\nafter\n")
    assert "200 kills" not in text
    assert f"| {RUNS['kills'].promise} | `make kills` | 300 kills: 0 lost | " in text
    assert "| `make fuzz` | not yet |" in text


def test_a_run_that_is_not_in_the_list_and_a_page_without_a_place_are_errors(places):
    with pytest.raises(KeyError):
        record("luck", "some", *places)
    record("size", "1 MB", *places)
    places[1].write_text("no place")
    with pytest.raises(ValueError, match="no place"):
        show(*places)


def test_the_page_shows_what_the_records_say():
    assert table(json.loads(RECORDS.read_text())) in PAGE.read_text()


def test_every_command_of_the_table_is_one_of_make():
    targets = (ROOT / "Makefile").read_text()
    for run in RUNS.values():
        assert f"\n{run.command.removeprefix('make ')}:" in targets


@pytest.mark.parametrize(
    ("status", "printed", "words"),
    [
        (0, "No known vulnerabilities found", "none in 78 packages"),
        (1, "torch 2.0 PYSEC-2024-1 2.1\nother 1 GHSA-aaaa 2", "2 known in 78 packages"),
        (1, "ConnectionError: HTTPSConnectionPool", "out of reach from here"),
    ],
)
def test_an_audit_says_what_it_came_to(status, printed, words):
    assert words in sentence(status, printed, 78)
