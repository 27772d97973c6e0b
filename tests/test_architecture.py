"""The house keeps its plan: which way imports point, and what stays out of where."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tools.architecture import PAGE_ROOMS, PICTURE, ROOMS, arrows, draw, module_of, room
from uad_core.io.paths import ROOT

CORE = sorted((ROOT / "uad_core").rglob("*.py"))
PAGES = [ROOT / "app.py", ROOT / "navigation.py", *sorted((ROOT / "pages").rglob("*.py"))]
SCRIPTS = sorted([*(ROOT / "tools").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
NUMERICS = {"numpy", "scipy", "torch", "skimage", "nibabel", "SimpleITK"}
MOST_LINES, MOST_PARAMETERS = 200, 6
# what the first version called things; the terms that replaced them are those of MONAI, TorchIO and BIDS
PRIVATE_WORDS = re.compile(
    r"\b(redr[ae]w\w*|healthy look|lineup|sighting\w*|last word|wish(?:es|ed)?|told|sheet|scenes?)\b", re.IGNORECASE
)


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def imports(path: Path) -> set[str]:
    """Absolute module names that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_room_of_the_core_is_in_the_list_and_nothing_else_lies_there():
    there = {path.name.removesuffix(".py") for path in (ROOT / "uad_core").iterdir() if path.name != "__pycache__"}
    assert there == {*ROOMS, "__init__"}


def test_every_folder_of_the_pages_is_in_the_list_and_no_file_lies_beside_them():
    there = {path.name for path in (ROOT / "pages" / "ui").iterdir() if path.name != "__pycache__"}
    assert there == set(PAGE_ROOMS)
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert {"scan", "detect", "compare", "evaluate", "train", "learn"} <= pages


@pytest.mark.parametrize("path", CORE, ids=names(CORE))
def test_the_core_imports_downwards_only(path):
    mine = room(module_of(path))
    if mine is None:
        return  # uad_core/__init__.py imports nothing of its own
    for module in imports(path):
        other = room(module)
        if module.startswith("uad_core.") and other is not None and other != mine:
            assert ROOMS.index(other) < ROOMS.index(mine), f"{mine} imports {module}"


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_the_pages_import_downwards_only_and_no_page_another(path):
    parts = path.relative_to(ROOT).parts
    mine = parts[2] if parts[:2] == ("pages", "ui") else None
    for module in imports(path):
        if module.startswith("pages.ui.") and mine is not None:
            other = module.split(".")[2]
            shared = PAGE_ROOMS[: PAGE_ROOMS.index("runs") + 1]
            below = shared[: shared.index(mine)] if mine in shared else shared
            assert other == mine or other in below, f"{mine} imports {module}"


@pytest.mark.parametrize("path", CORE, ids=names(CORE))
def test_no_streamlit_in_the_core(path):
    assert not any(
        module.split(".")[0] in {"streamlit", "pages", "app", "tools", "benchmarks"} for module in imports(path)
    )


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_no_numerics_in_the_pages(path):
    assert not {module.split(".")[0] for module in imports(path)} & NUMERICS


def test_a_class_name_occurs_once():
    classes = Counter(
        node.name for path in [*CORE, *PAGES, *SCRIPTS] for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )  # fmt: skip
    assert [name for name, count in classes.items() if count > 1] == []


@pytest.mark.parametrize("path", [*CORE, *PAGES, *SCRIPTS], ids=names([*CORE, *PAGES, *SCRIPTS]))
def test_files_and_lists_of_parameters_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            known = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([one for one in known if one.arg not in ("self", "cls")])
            assert count <= MOST_PARAMETERS, f"{node.name} has {count} parameters"


@pytest.mark.parametrize("path", [*CORE, *PAGES, *SCRIPTS], ids=names([*CORE, *PAGES, *SCRIPTS]))
def test_no_private_words(path):
    assert PRIVATE_WORDS.findall(path.read_text()) == []


@pytest.mark.parametrize("path", [*CORE, *PAGES], ids=names([*CORE, *PAGES]))
def test_nothing_loads_what_could_run_code(path):
    text = path.read_text()
    for banned in (
        "weights_only=False",
        "pickle",
        "torch.load(",
        "torch.jit.load(",
        "torch.export.load",
        "eval(",
        "exec(",
    ):
        assert banned not in text.replace(".eval()", ""), f"{path.name} uses {banned}"


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_keys_of_the_session_stand_in_one_file(path):
    literal = re.findall(
        r'(?:session_state|query_params)(?:\[|\.(?:get|pop|setdefault)\()f?["\'](?!\{)[^"\']+', path.read_text()
    )
    assert literal == []


def test_the_picture_of_the_architecture_is_drawn_from_todays_imports():
    assert PICTURE.read_text() == draw(arrows()), "run make architecture"


def test_the_server_is_closed_to_all_but_this_machine():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"] == {
        "address": "127.0.0.1",
        "allowedHosts": ["127.0.0.1", "localhost"],
        "enableCORS": True,
        "enableXsrfProtection": True,
        "maxUploadSize": 200,
        "disconnectedSessionTTL": 60,
        "enableStaticServing": False,
        "enableAgentApi": False,
        "fileWatcherType": "none",
        "showEmailPrompt": False,
    }
    assert config["global"] == {"minCachedMessageSize": 1e12}
    assert config["client"] == {
        "showErrorDetails": "none",
        "toolbarMode": "viewer",
        "showSidebarNavigation": False,
    }
    assert config["browser"]["gatherUsageStats"] is False
    assert config["runner"]["magicEnabled"] is False


def test_every_run_time_dependency_is_pinned_and_has_a_reason():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            requirement, _, reason = line.partition("#")
            assert "==" in requirement, line
            assert len(reason.split()) >= 2, line
    assert lines[1].startswith("torch==2.13.0"), "torch is installed first"


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_every_control_has_a_help_text(path):
    controls = {"slider", "select_slider", "radio", "selectbox", "multiselect", "number_input", "text_input", "toggle",
                "file_uploader", "segmented_control", "button", "download_button", "popover"}  # fmt: skip
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in controls:
            assert "help" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}: {node.func.attr}"


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_every_picture_has_an_alternative_text(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "image":
            assert "alt" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}"
