"""What was measured: the figures of the README, kept once in docs/results.json."""

import json
import re
from dataclasses import dataclass

from uad_core.io.paths import DOCS

RESULTS = DOCS / "results.json"


@dataclass(frozen=True)
class Results:
    """A table of scores, best first; the text is Markdown.

    Attributes:
        data: the scans, and what they are not.
        command: that made the figures.
        figures: what the figures mean.
        columns: names, the first being that of the model.
        findings: a sentence or more each.
    """

    data: str
    command: str
    figures: str
    columns: list[str]
    rows: list[list[str]]
    findings: list[str]

    def scores(self, column: str) -> dict[str, float]:
        """Model -> number in that column, in the table's order; rows without a number are left out."""
        at = self.columns.index(column)
        return {row[0]: float(row[at]) for row in self.rows if re.fullmatch(r"-?\d+(\.\d+)?", row[at])}


def results() -> Results | None:
    """The project's; None where its docs are not installed."""
    return Results(**json.loads(RESULTS.read_text())) if RESULTS.exists() else None
