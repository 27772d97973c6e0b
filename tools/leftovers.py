"""What commands left in their folders, to be compared with what others left."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from uad_core.io.sealed import unsealed

TIMES = ("seconds", "finished", "command", "record_sha256")  # entries that differ from one run to the next


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    """All files by name, but those that a killed process had not yet given their own."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.match(".*.tmp")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def is_whole(name: str, data: bytes) -> bool:
    """Whether a text ends where it should."""
    return data.rstrip().endswith(b"</html>") if name.endswith(".html") else bool(json.loads(data))


def stripped(path: Path) -> object:
    """A result without what differs from run to run: how long it took, and when it was."""
    if path.suffix != ".json":
        header, *rows = (line.split("\t") for line in path.read_text().splitlines())
        kept = [index for index, name in enumerate(header) if "seconds" not in name]
        return [[row[index] for index in kept] for row in (header, *rows)]
    return _stripped(unsealed(path.read_bytes()))


def _stripped(value: object) -> object:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items() if not key.startswith(TIMES)}
    return [_stripped(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
