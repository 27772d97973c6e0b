"""The house keeps its plan: which way imports point, and what stays out of where."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "uad_core").rglob("*.py"))
PAGES = [ROOT / "app.py", ROOT / "navigation.py", *sorted((ROOT / "pages").rglob("*.py"))]
# from the ground upwards; a room imports from rooms before it
ROOMS = ("io", "atlas", "models", "preprocess", "pipeline", "cohorts", "quality", "render", "train", "evaluate",
         "teaching", "detect", "runs", "experiment", "commands", "__main__")  # fmt: skip
NUMERICS = {"numpy", "scipy", "torch", "skimage", "nibabel", "SimpleITK"}


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


def part(module: str) -> str | None:
    """`uad_core.models.parts.layers` -> `models`."""
    pieces = module.split(".")
    return pieces[1] if pieces[0] == "uad_core" and len(pieces) > 1 else None


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_imports_downwards_only(path):
    mine = path.relative_to(ROOT / "uad_core").parts[0].removesuffix(".py")
    if mine == "__init__":
        return
    for module in imports(path):
        other = part(module)
        if other in ROOMS and other != mine:
            assert ROOMS.index(other) < ROOMS.index(mine), f"{mine} imports {module}"


def test_every_room_is_known():
    names = {
        p.name.removesuffix(".py")
        for p in (ROOT / "uad_core").iterdir()
        if p.name not in ("__init__.py", "__pycache__")
    }
    assert names == set(ROOMS)


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_streamlit_in_the_core(path):
    assert not any(module.split(".")[0] in {"streamlit", "pages", "app"} for module in imports(path))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_numerics_in_the_pages(path):
    assert not {module.split(".")[0] for module in imports(path)} & NUMERICS


@pytest.mark.parametrize("path", [*CORE, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_loads_what_could_run_code(path):
    text = path.read_text()
    for banned in ("weights_only=False", "pickle", "torch.load(", "torch.export.load", "eval(", "exec("):
        assert banned not in text.replace(".eval()", ""), f"{path.name} uses {banned}"


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_control_has_a_help_text(path):
    controls = {"slider", "select_slider", "radio", "selectbox", "multiselect", "number_input", "text_input", "toggle",
                "file_uploader", "segmented_control", "button", "download_button", "popover"}  # fmt: skip
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in controls:
            assert "help" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}: {node.func.attr}"
