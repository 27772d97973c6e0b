"""What was measured, read from where it stands: the first table of README.md, so that no figure is typed twice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from uad_core.io.paths import ROOT

README = ROOT / "README.md"
SECTION = re.compile(r"^## What was measured\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Measured:
    """A table of scores, best first as it stands there.

    Attributes:
        conditions: Markdown paragraph in front of the table: data, command, meaning.
        columns: names, the first being that of the model.
        rows: cells as text, without emphasis.
        findings: Markdown, the list behind the table.
    """

    conditions: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    findings: tuple[str, ...]

    def scores(self, column: str) -> dict[str, float]:
        """Model -> number in that column, in the table's order; rows without a number are left out."""
        at = self.columns.index(column)
        return {row[0]: float(row[at]) for row in self.rows if re.fullmatch(r"-?\d+(\.\d+)?", row[at])}


def measured(text: str) -> Measured | None:
    """The table in the section "What was measured" of a README's text; None where there is none."""
    section = SECTION.search(text)
    if section is None:
        return None
    blocks = [block.strip() for block in re.split(r"\n\s*\n", section[1].strip())]
    tables = [number for number, block in enumerate(blocks) if block.startswith("| model")]
    if not tables:
        return None
    first = tables[0]
    header, _, *rows = blocks[first].splitlines()
    lists = [block for block in blocks[first + 1 :] if block.startswith("- ")]
    findings = re.split(r"\n?^- ", lists[0], flags=re.MULTILINE)[1:] if lists else []
    return Measured(
        conditions=blocks[first - 1] if first else "",
        columns=_cells(header),
        rows=tuple(_cells(row) for row in rows),
        findings=tuple(" ".join(finding.split()) for finding in findings),
    )


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().strip("*") for cell in line.strip().strip("|").split("|"))
