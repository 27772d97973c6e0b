"""`make architecture`: docs/architecture.svg, drawn from the imports of today, so that it cannot lie.

A box a room of `uad_core`, the lowest at the bottom; the folders of the pages above them. A line goes from a room to
each room that it imports, unless another room that it imports does so already (the transitive reduction).
"""

import ast
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

from uad_core.io.paths import DOCS, ROOT

PICTURE = DOCS / "architecture.svg"
# from the ground upwards; a room imports from rooms before it
ROOMS = ("io", "atlas", "models", "preprocess", "pipeline", "cohorts", "quality", "render", "train", "evaluate",
         "teaching", "detect", "doors", "runs", "experiment", "commands", "__main__")  # fmt: skip
PAGE_ROOMS = (
    "shell",
    "inputs",
    "viewer",
    "runs",
    "scan",
    "detect",
    "followup",
    "compare",
    "evaluate",
    "choose",
    "train",
    "learn",
)
WIDTH, ROW, BOX = 1100, 84, (150, 44)
Arrows = dict[str, set[str]]


def module_of(path: Path) -> str:
    """`uad_core/io/paths.py` -> `uad_core.io.paths`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str | None:
    """`uad_core.models.parts.layers` -> `models`, `pages.ui.shell.keys` -> `ui/shell`; None: in no room."""
    parts = module.split(".")
    if parts[:2] == ["pages", "ui"]:
        return f"ui/{parts[2]}" if len(parts) > 2 and parts[2] in PAGE_ROOMS else None
    if parts[0] == "pages":
        return "pages"
    return parts[1] if parts[0] == "uad_core" and len(parts) > 1 and parts[1] in ROOMS else None


def arrows() -> Arrows:
    """Room -> the rooms that its files import."""
    found: Arrows = {}
    for path in [*sorted((ROOT / "uad_core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]:
        mine = room(module_of(path))
        if mine is None or mine == "__main__":
            continue  # it imports the command that is asked for, by name
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                # `from uad_core import runs` names the room behind the import
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                found.setdefault(mine, set()).update(other for one in modules if (other := room(one)) and other != mine)
    return found


def draw(found: Arrows) -> str:
    """The picture as SVG text."""
    rows = _rows(found)
    places = {name: ((column + 0.5) * WIDTH / len(row), (len(rows) - number - 0.5) * ROW)
              for number, row in enumerate(rows) for column, name in enumerate(row)}  # fmt: skip
    width, height = BOX
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {len(rows) * ROW}" font-family="sans-serif">',
        "<title>Rooms and what they import</title>",
        "<style>line {stroke: #8a949e} rect {fill: #eef3f6; stroke: #2f5d73} .ui {fill: #fdf3e3; stroke: #9a6a1a} "
        "text {text-anchor: middle; font-size: 15px; fill: #1c2a33}</style>",
        f'<rect x="0" y="0" width="{WIDTH}" height="{len(rows) * ROW}" style="fill: white; stroke: none"/>',
    ]
    for name in sorted(places):
        x, y = places[name]
        for other in sorted(_reduced(name, found)):
            to_x, to_y = places[other]
            lines.append(f'<line x1="{x:.0f}" y1="{y + height / 2:.0f}" x2="{to_x:.0f}" y2="{to_y - height / 2:.0f}"/>')
    for name in sorted(places):
        x, y = places[name]
        kind = ' class="ui"' if name.startswith(("ui/", "pages")) else ""
        lines.append(
            f'<rect{kind} x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width}" height="{height}" rx="6"/>'
        )
        lines.append(f'<text x="{x:.0f}" y="{y + 5:.0f}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _rows(found: Arrows) -> list[list[str]]:
    """The rows floor by floor: rooms whose imports all lie on floors below."""
    sorter, floors = TopologicalSorter(found), []
    sorter.prepare()
    while ready := sorter.get_ready():
        floors.append(sorted(ready))
        sorter.done(*ready)
    return floors


def _reduced(name: str, found: Arrows) -> set[str]:
    """What `name` imports, less what it reaches through another of its imports."""
    direct = found.get(name, set())
    return direct.difference(*(_reach(other, found) for other in direct))


def _reach(name: str, found: Arrows) -> set[str]:
    direct = found.get(name, set())
    return direct.union(*(_reach(other, found) for other in direct))


if __name__ == "__main__":
    PICTURE.write_text(draw(arrows()))
