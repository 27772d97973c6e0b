"""The commands of `python -m uad_core`, one file each, and what the options of several share."""

import argparse
from pathlib import Path
from typing import Any

from uad_core.atlas.space import SLABS
from uad_core.io.paths import CHECKPOINTS

FOLDER: dict[str, Any] = {"type": Path, "metavar": "FOLDER"}
FOLDERS: dict[str, Any] = {**FOLDER, "action": "append", "default": []}
FILE: dict[str, Any] = {"type": Path, "metavar": "FILE"}


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """The folder that checkpoints are read from."""
    parser.add_argument("--checkpoints", **FOLDER, default=CHECKPOINTS, help="of checkpoints (default: the project's)")


def add_slab(parser: argparse.ArgumentParser, usual: str, default: str | None = None) -> None:
    """The axial levels; `usual` says in the help what is taken without the option."""
    text = f"axial levels: the paper's 20, or the whole brain (default: {usual})"
    parser.add_argument("--slab", choices=SLABS, default=default, help=text)


def listed(names: str) -> list[str]:
    """`sae3, svae` as `["sae3", "svae"]`."""
    return [name.strip() for name in names.split(",") if name.strip()]


def last_name(folder: Path) -> str:
    """What a record says of a folder: its path may name a patient or a user."""
    return folder.resolve().name
