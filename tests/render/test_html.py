"""Templates: every text is escaped, and a value that is missing is an error rather than a gap."""

import re

import pytest
from jinja2 import UndefinedError

from uad_core.render.html import Cell, Table, render_html


def test_whatever_a_value_holds_it_stays_text(tmp_path):
    template = tmp_path / "page.txt"
    template.write_text('<b title="{{ name }}">{{ name }}</b>')
    html = render_html(template, name='<script>"&')
    assert html == '<b title="&lt;script&gt;&#34;&amp;">&lt;script&gt;&#34;&amp;</b>'


def test_a_missing_value_is_an_error(tmp_path):
    (tmp_path / "page.txt").write_text("{{ name }}")
    with pytest.raises(UndefinedError, match="name"):
        render_html(tmp_path / "page.txt")


def test_a_picture_becomes_part_of_the_page(tmp_path):
    (tmp_path / "page.txt").write_text('<img src="{{ picture | data_url }}">')
    assert render_html(tmp_path / "page.txt", picture=b"PNG") == '<img src="data:image/png;base64,UE5H">'


def test_a_table_has_intervals_below_their_figures_and_best_cases_of_a_class_of_their_own(tmp_path):
    made = Table(("Model", "BEST CASE Dice"), [["<b>", Cell("0.5", "[0.4, 0.6]")], ["a [b]", Cell("& c")]])
    (tmp_path / "page.txt").write_text('{% from "macros.html" import table as draw %}{{ draw(made, "words") }}')
    html = render_html(tmp_path / "page.txt", made=made)
    assert "<b>" not in html
    assert re.findall(r"<td[^>]*>(.*?)</td>", html) == ["&lt;b&gt;", "0.5<br>[0.4, 0.6]", "a [b]", "&amp; c"]
    assert re.findall(r"<(t[hd])[^>]*class=\"best\">", html) == ["th", "td", "td"]
    assert html.lstrip().startswith('<table class="words">')
