"""A page of HTML with its pictures inside, which asks for nothing from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from uad_core.evaluate.format import html_table

CONTENTS = "<!-- contents -->"
CSS = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:84rem;margin:0 auto;padding:1rem 1.5rem}
h1{font-size:1.7rem;margin:.6rem 0}h2{margin-top:2.6rem;border-bottom:2px solid #0072B2;padding-bottom:.2rem}
h3{margin:2rem 0 .4rem}p{max-width:52rem}
.banner,.kind{max-width:none}.banner{background:#D55E00;color:#fff;font-weight:600;padding:.6rem 1rem;border-radius:4px}
.kind{background:#eef4f9;border-left:4px solid #0072B2;padding:.5rem 1rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.76rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .35rem;text-align:right;border-bottom:1px solid #ddd;vertical-align:top}
th{text-align:right;vertical-align:bottom;background:#f4f4f4}td:first-child,th:first-child{text-align:left}
.best{color:#555;background:#f6f1ea;font-style:italic}
td{white-space:nowrap}table.words td,table.words th{text-align:left;white-space:normal}
nav{line-height:1.9}a{color:#0072B2}
figure{margin:1rem 0 1.6rem}figure img{max-width:100%;height:auto;border:1px solid #ddd}
figcaption{font-size:.88rem;max-width:56rem;color:#333}
code,pre{font-size:.82rem;background:#f4f4f4;padding:.1rem .3rem;overflow-wrap:anywhere;white-space:pre-wrap}
"""


@dataclass
class Page:
    """A page being written, from top to bottom."""

    parts: list[str] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    sections: list[str] = field(default_factory=list)

    def heading(self, text: str, level: int = 2) -> None:
        """One of level 2 is a section, to which the list at the top leads."""
        place = ""
        if level == 2:
            self.sections.append(text)
            place = f' id="section-{len(self.sections)}"'
        self.parts.append(f"<h{level}{place}>{escape(text)}</h{level}>")

    def contents(self) -> None:
        """Here the list of sections will stand."""
        self.parts.append(CONTENTS)

    def text(self, sentence: str, kind: str = "") -> None:
        self.parts.append(f"<p{f' class={kind}' if kind else ''}>{escape(sentence)}</p>")

    def html(self, markup: str) -> None:
        """Markup whose text is escaped already."""
        self.parts.append(markup)

    def words(self, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        """A table of words, not of numbers."""
        self.parts.append(html_table(headings, lines).replace("<table>", '<table class="words">'))

    def code(self, text: str) -> None:
        self.parts.append(f"<pre>{escape(text)}</pre>")

    def items(self, sentences: Sequence[str]) -> None:
        self.parts.append("<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>")

    def figure(self, name: str, picture: bytes | None, caption: str, instead: str = "") -> None:
        """A figure with its words below, or the sentence `instead` where there is none."""
        if picture is None:
            self.text(instead)
            return
        self.figures[f"{name}.png"] = picture
        data = base64.b64encode(picture).decode()
        self.parts.append(
            f'<figure><img alt="{escape(caption.split(".")[0])}" src="data:image/png;base64,{data}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def finish(self) -> str:
        """The whole document."""
        links = (f'<a href="#section-{i}">{escape(text)}</a>' for i, text in enumerate(self.sections, 1))
        listed = f"<nav>{' · '.join(links)}</nav>"
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Experiment</title><style>{CSS}</style></head>\n<body>\n"
            + "\n".join(self.parts).replace(CONTENTS, listed)
            + "\n</body></html>\n"
        )
