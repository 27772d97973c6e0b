"""What was measured: the figures of the README, kept once in docs/results.json."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from uad_core.io.paths import DOCS

RESULTS = DOCS / "results.json"


@dataclass(frozen=True)
class Results:
    """A table of scores, best first.

    Attributes:
        data: Markdown: the scans, and what they are not.
        command: that made the figures.
        figures: Markdown: what the figures mean.
        columns: names, the first being that of the model.
        rows: cells as text.
        findings: Markdown, a sentence or more each.
    """

    data: str
    command: str
    figures: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    findings: tuple[str, ...]

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Results:
        """Raises KeyError or TypeError for a record that is none."""
        rows = tuple(tuple(row) for row in record["rows"])
        columns, findings = tuple(record["columns"]), tuple(record["findings"])
        return cls(record["data"], record["command"], record["figures"], columns, rows, findings)

    def scores(self, column: str) -> dict[str, float]:
        """Model -> number in that column, in the table's order; rows without a number are left out."""
        at = self.columns.index(column)
        return {row[0]: float(row[at]) for row in self.rows if re.fullmatch(r"-?\d+(\.\d+)?", row[at])}


def results() -> Results | None:
    """The project's; None where its docs are not installed."""
    return Results.from_json(json.loads(RESULTS.read_text())) if RESULTS.exists() else None
