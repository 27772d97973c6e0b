"""One odd input that a user may bring: what was tried, what is right, and what the product did with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np

from uad_core.io.paths import DOCS
from uad_core.io.volume import Volume

TABLE = DOCS / "INPUTS.md"
Right = Literal["as the clean one", "with a note", "refused"]
READ, NOTED, REFUSED = "as the clean one", "with a note", "refused"
CANARY = "CANARY"  # in names, paths and headers of invented patients: no sentence may hold it

INTRODUCTION = """# Odd inputs: right, or refused

What was tried, what became of it, and the sentence that the user reads. Each row is a test in `tests/inputs`, and its
result is checked there against the clean input, not only against this page: *as the clean one* means that the same
came out, without a word; *with a note* that the same came out and the sentence was said; *refused* that nothing came
out. `make inputs` writes this page from a run.
"""


@dataclass(frozen=True)
class InputCase:
    """One row.

    Attributes:
        tried: what is odd, in words; distinct within its kind.
        run: makes the input in an empty folder, gives it to the product, asserts that what comes out is what the clean
            input gives, and returns the notes that the clean one does not have; a refusal's error is let through.
        right: what has to become of it.
        words: that the sentence has to hold.
    """

    tried: str
    run: Callable[[Path], Iterable[str]]
    right: Right = READ
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.tried


def judged(case: InputCase, folder: Path) -> str:
    """Run a case in `folder`, assert that its result is right, and return the sentence."""
    try:
        said, result = " ".join(dict.fromkeys(case.run(folder))), READ
        result = NOTED if said else READ
    except ValueError as error:  # ScanError, RunError, ... ; what else is raised is a bug
        if type(error) is ValueError:
            raise
        said, result = str(error), REFUSED
    assert result == case.right, said
    for word in case.words:
        assert word in said
    assert CANARY not in said
    assert str(folder) not in said
    assert "Traceback" not in said
    assert result == READ or said.endswith(".")
    return said


def row(case: InputCase, said: str) -> str:
    """The row of the table."""
    return f"| {_cell(case.tried)} | {case.right} | {_cell(said)} |"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """The page of (kind, row), in the order of kinds and rows."""
    page, rows = [INTRODUCTION], list(rows)
    page.append(f"{len(rows)} inputs of {len(dict(rows))} kinds.\n")
    for kind, members in groupby(rows, lambda pair: pair[0]):
        page.append(f"## {kind}\n\n| tried | result | sentence |\n|---|---|---|")
        page.append("\n".join(line for _, line in members) + "\n")
    return "\n".join(page)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def same_scan(volume: Volume, clean: Volume) -> tuple[str, ...]:
    """Assert that a scan is the clean one, voxel for voxel and in the same place; its notes beyond the clean one's."""
    np.testing.assert_array_equal(volume.array, clean.array)
    np.testing.assert_allclose(volume.affine, clean.affine, atol=1e-3)
    return tuple(note for note in volume.notes if note not in clean.notes)
