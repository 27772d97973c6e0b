"""HTML made of Jinja templates, in which every text is escaped; tables for them."""

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SHARED = Path(__file__).parent / "templates"  # what the templates of all rooms include
BEST = "BEST CASE"  # begins the heading of a figure whose threshold was picked on the truth


class Cell(NamedTuple):
    """A figure, and what stands on a line of its own below it: its interval."""

    text: str
    below: str = ""


class Table(NamedTuple):
    """Headings, and as many cells in each row."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]

    @property
    def best_cases(self) -> list[int]:
        """Columns whose threshold was picked on the truth, to be set back."""
        return [index for index, heading in enumerate(self.headings) if heading.startswith(BEST)]


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
    environment.filters["data_url"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return environment
