"""What the long runs measured: they write it to docs/trust.json, and docs/TRUST.md shows it as a table.

make trust
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.paths import DOCS

RECORDS, PAGE = DOCS / "trust.json", DOCS / "TRUST.md"
BEGIN, END = "<!-- measured: `make trust` writes this part from docs/trust.json -->", "<!-- end of measured -->"


class Run(NamedTuple):
    """What a long run is held against, and how it is run."""

    promise: str
    command: str


RUNS = {
    "soak": Run("A server that people visit all day does not grow", "make soak"),
    "class": Run(
        "A class of ten at work, and fifty who have a page open, lose nothing and wait for nobody", "make soak"
    ),
    "kills": Run("A command that is killed at any moment leaves what was there, or what was to be", "make kills"),
    "fuzz": Run("Whatever bytes come in, the answer is a result or a sentence", "make fuzz"),
    "header": Run("A header in which one bit fell over does not move or measure a scan silently", "make test"),
    "offline": Run("No test needs, or makes, a connection to another machine", "make test-offline"),
    "audit": Run("No package has a known hole", "make audit"),
    "size": Run("No more is installed than is used", "make size"),
}


def record(name: str, measured: str, records: Path = RECORDS, page: Path = PAGE) -> None:
    """Keep what a run of `RUNS` measured, a sentence without its full stop, with today's date; and show it.

    Raises KeyError for a run that is not in the list.
    """
    known = RUNS[name] and (json.loads(records.read_text()) if records.exists() else {})
    write_json(records, known | {name: {"measured": measured, "date": f"{datetime.now(UTC):%-d %B %Y}"}})
    show(records, page)


def show(records: Path = RECORDS, page: Path = PAGE) -> None:
    """Write the table anew. Raises ValueError where the page has no place for it."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the page has no place for what was measured")
    write_atomically(page, f"{before}{BEGIN}\n{table(json.loads(records.read_text()))}\n{END}{after}".encode())
    for public in (records, page):  # they show no patient
        public.chmod(0o644)


def table(records: dict[str, dict[str, str]]) -> str:
    """Promise, how it was tested, and what was measured when; a run that was never made says so."""
    lines = ["| promise | tested by | measured | on |", "|---|---|---|---|"]
    for name, run in RUNS.items():
        found = records.get(name, {"measured": "not yet", "date": ""})
        lines.append(f"| {run.promise} | `{run.command}` | {found['measured']} | {found['date']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    show()
