"""What a user painted into a picture, as the browser sends it."""

from dataclasses import dataclass
from typing import Any

TOOLS = ("paint", "erase", "grow", "delete", "undo", "clear")
MOST_PIXELS = 256 * 256  # of a slice


@dataclass(frozen=True)
class Stroke:
    """One thing done with a tool.

    Attributes:
        number: larger than those of all strokes before.
        tool: one of `TOOLS`.
        level: the slice that was shown.
        pixels: (column, row) of each pixel of the picture that was painted, or of the one clicked on; none for others.
    """

    number: int
    tool: str
    level: int
    pixels: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, sent: Any) -> "Stroke | None":
        """None for what is no stroke: a browser may send anything."""
        try:
            number, tool, level, pixels = (sent[name] for name in ("number", "tool", "level", "pixels"))
            pairs = tuple((int(column), int(row)) for column, row in pixels[:MOST_PIXELS])
            return cls(int(number), tool, int(level), pairs) if tool in TOOLS else None
        except (TypeError, ValueError, KeyError, OverflowError):
            return None
