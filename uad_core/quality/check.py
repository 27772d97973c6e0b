"""A traffic light with the sentence and the numbers behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["green", "amber", "red", "grey"]  # grey: not known


@dataclass(frozen=True)
class Check:
    """One question to a scan, and its answer."""

    name: str  # what was checked
    severity: Severity  # green says that nothing speaks against the scan, not that a result on it is right
    sentence: str  # the answer, and what it means for the result
    numbers: str = ""  # what was measured and against which limits
    already_reported: bool = False  # already reported in the scan's notes or the preparation's warnings


def warnings(checks: Iterable[Check]) -> tuple[str, ...]:
    """What amber and red lights add to a result's warnings: each sentence with its numbers."""
    return tuple(
        f"{check.sentence} ({check.numbers})" if check.numbers else check.sentence
        for check in checks
        if check.severity in ("amber", "red") and not check.already_reported
    )
