"""What was computed of scans that ship with the project, kept on disk; scans of users never are.

What is kept counts for one version of the program and its libraries. A file that is damaged or of another version is
as good as none, and a folder that cannot be written does no harm.
"""

import hashlib
import io
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from uad_core.io.atomic import write_atomically
from uad_core.io.paths import PREPARED, ROOT

_SEAL = 32  # bytes before the arrays: their sha256
_LIBRARIES = ("nibabel", "numpy", "scipy", "SimpleITK", "torch")

Arrays = dict[str, np.ndarray]
Record = dict[str, Any]  # what JSON can hold


def load(what: str, rooms: tuple[str, ...]) -> tuple[Arrays, Record] | None:
    """What `keep` was given under that name, by this version of the rooms of `uad_core` that it depends on."""
    try:
        data = _place(what, rooms).read_bytes()
    except OSError:
        return None
    seal, packed = data[:_SEAL], data[_SEAL:]
    if hashlib.sha256(packed).digest() != seal:
        return None
    with np.load(io.BytesIO(packed)) as kept:
        arrays = {name: kept[name] for name in kept.files}
    return arrays, json.loads(str(arrays.pop("record")))


def keep(what: str, rooms: tuple[str, ...], arrays: Arrays, record: Record) -> None:
    """Write it in place of what older versions kept under that name."""
    path, buffer = _place(what, rooms), io.BytesIO()
    np.savez_compressed(buffer, record=np.array(json.dumps(record)), **arrays)  # type: ignore[arg-type]  # of its stubs
    try:
        write_atomically(path, hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue())
        for older in set(PREPARED.glob(f"{what}-*")) - {path}:
            older.unlink()
    except OSError:  # a full disk or a folder that is not ours: it is computed again next time
        pass


def _place(what: str, rooms: tuple[str, ...]) -> Path:
    return PREPARED / f"{what}-{program(rooms)}"


@cache
def program(rooms: tuple[str, ...]) -> str:
    """A digest of the code, the data and the libraries that decide a result."""
    digest = hashlib.sha256("".join(version(name) for name in _LIBRARIES).encode())
    for room in rooms:
        files = (path for path in (ROOT / "uad_core" / room).rglob("*") if path.suffix != ".pyc")
        for path in sorted(files):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
