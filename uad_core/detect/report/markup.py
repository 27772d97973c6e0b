"""The pieces of a report as HTML; every text is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from uad_core.detect.report.pictures import Mark, Shown
from uad_core.detect.report.style import CSS


def page(title: str, parts: Sequence[str]) -> str:
    """The document; its own policy forbids a browser to fetch anything for it."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{CSS}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def columns(kind: str, *sections: str) -> str:
    """Sections side by side; `kind` is a class of the style sheet: wide, two or three."""
    return f'<div class="columns {kind}">{"".join(sections)}</div>'


def sentence(text: str, kind: str = "small") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if text else ""


def figures(pairs: Sequence[tuple[str, str]]) -> str:
    """Boxes of a large word over small ones."""
    boxes = (f"<div><b>{escape(large)}</b><span>{escape(small)}</span></div>" for large, small in pairs)
    return f'<div class="figures">{"".join(boxes)}</div>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """A table of names and values."""
    rows = (f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in pairs)
    return f'<table class="facts"><tbody>{"".join(rows)}</tbody></table>'


def table(kind: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def listing(tag: str, sentences: Sequence[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</{tag}>"


def slices(shown: Sequence[Shown], named: int) -> str:
    """Pairs of pictures; regions up to number `named` are marked in the overlay and in the words below."""
    few = " few" if len(shown) <= 2 else ""
    return f'<div class="slices{few}">{"".join(_slice(pair, named) for pair in shown)}</div>'


def _slice(shown: Shown, named: int) -> str:
    marks = [mark for mark in shown.marks if mark.number <= named]
    others = len(shown.marks) - len(marks)
    words = [str(mark.number) for mark in marks] + ([f"{others} smaller"] if others else [])
    regions = f"{'region' if len(words) == 1 else 'regions'} {', '.join(words)}"
    caption = f"Level {shown.level}: {regions if words else 'nothing flagged'}"
    return (
        f'<figure><div class="pair">{_picture(shown.scan, f"{caption}, scan")}'
        f"<div>{_picture(shown.overlay, f'{caption}, overlay')}{''.join(map(_mark, marks))}</div></div>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _picture(png: bytes, words: str) -> str:
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _mark(mark: Mark) -> str:
    side = f"right:{100 - 100 * mark.across:.1f}%" if mark.left else f"left:{100 * mark.across:.1f}%"
    return f'<i style="{side};top:{100 * mark.down:.1f}%">{mark.number}</i>'
