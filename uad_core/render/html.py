"""HTML made of Jinja templates, in which every text is escaped."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SHARED = Path(__file__).parent / "templates"  # what the templates of all rooms include


def render_html(template: Path, **values: object) -> str:
    """The template's text with `values` in it; a value that is missing is an error.

    A template may import from `macros.html` and extend `page.html`, and write a picture as `{{ png | data_url }}`.
    """
    return _environment(template.parent).get_template(template.name).render(values)


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_url"] = _data_url
    return environment


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
