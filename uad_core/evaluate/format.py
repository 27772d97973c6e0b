"""Figures as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

NONE = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A dash where there is no figure."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(value: float | None, ends: Sequence[float | None], digits: int = 3) -> str:
    """A figure with its 95 % interval behind it, if it has one."""
    if value is None or ends[0] is None or ends[1] is None:
        return number(value, digits)
    return f"{number(value, digits)} [{number(ends[0], digits)}, {number(ends[1], digits)}]"


def with_deviation(model: Mapping[str, Any], figure: str, name: str) -> str:
    """`0.412 ± 0.103 [0.381, 0.440]`."""
    value, std = model[name], model[f"{figure}_std"]
    if value is None:
        return NONE
    spread = f" ± {number(std)}" if std is not None else ""
    return interval(value, model[f"{figure}_ci"]).replace(number(value), f"{number(value)}{spread}", 1)


def html_table(headings: Sequence[str], lines: Sequence[Sequence[str]], greyed: frozenset[int] = frozenset()) -> str:
    """Text cells, escaped; columns `greyed` are set back."""

    def row(values: Sequence[str], tag: str) -> str:
        parts = []
        for index, value in enumerate(values):
            mark = " class=best" if index in greyed else ""
            parts.append(f"<{tag}{mark}>{escape(value).replace(' [', '<br>[')}</{tag}>")  # intervals below
        return f"<tr>{''.join(parts)}</tr>"

    body = "\n".join(row(line, "td") for line in lines)
    return f'<div class="wide"><table><thead>{row(headings, "th")}</thead>\n<tbody>{body}</tbody></table></div>'
