"""Templates: every text is escaped, and a value that is missing is an error rather than a gap."""

import pytest
from jinja2 import UndefinedError

from uad_core.render.html import render_html


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
