"""Preparations kept on disk, for scans that ship with the project: its app need not prepare them at every start.

What is kept counts for one scan, one set of options and one version of program and libraries; a file that is damaged or
of another version is made anew. Scans of users are never kept.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.io.affine import AffineTransform
from uad_core.io.atomic import write_atomically
from uad_core.io.paths import PREPARED, ROOT
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep
from uad_core.preprocess.prepared import Prepared, ProcessingStep
from uad_core.preprocess.shading import ShadingField

_DECIDING = ("atlas", "io", "preprocess")  # rooms of `uad_core` that a preparation depends on
_LIBRARIES = ("nibabel", "numpy", "scipy", "SimpleITK", "torch")
_FIELD = ("coefficients", "terms", "centre", "half")  # arrays of a shading field


def prepare_once(source: bytes, slab: Slab, options: PrepareOptions, on_progress: OnStep) -> Prepared:
    """`prepare_scan`, or what an earlier call with the same bytes and options left in `PREPARED`. Raises ScanError."""
    if options.brain_mask or options.look_mask or options.atlas:
        return prepare_scan(source, slab, options, on_progress)
    what = hashlib.sha256(source + repr((slab, options)).encode()).hexdigest()[:24]
    path = PREPARED / f"{what}-{_program()}.npz"
    scan = read_scan(source, options.series)
    if (known := _load(path, scan)) is not None:
        return known
    prepared = prepare_scan(scan, slab, options, on_progress)
    try:
        write_atomically(path, _packed(prepared))
        for older in set(PREPARED.glob(f"{what}-*.npz")) - {path}:
            older.unlink()
    except OSError:  # a full disk or a folder that is not ours: it is prepared again next time
        pass
    return prepared


@lru_cache(maxsize=1)
def _program() -> str:
    """A digest of the code, the data and the libraries that decide how a scan is prepared."""
    digest = hashlib.sha256("".join(version(name) for name in _LIBRARIES).encode())
    for path in _deciding_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _deciding_files() -> Iterator[Path]:
    for room in _DECIDING:
        folder = ROOT / "uad_core" / room
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _packed(prepared: Prepared) -> bytes:
    record: dict[str, Any] = {
        "config": asdict(prepared.config),
        "steps": [asdict(step) for step in prepared.steps],
        "warnings": prepared.warnings,
    }
    arrays = {"array": prepared.array, "brain_mask": prepared.brain_mask, "transform": prepared.transform.matrix}
    if field := prepared.shading:
        arrays |= {name: getattr(field, name) for name in _FIELD}
        record["shading"] = {key: value for key, value in vars(field).items() if key not in _FIELD}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, record=np.array(json.dumps(record)), **arrays)  # type: ignore[arg-type]  # of its stubs
    return buffer.getvalue()


def _load(path: Path, scan: Volume) -> Prepared | None:
    """What is kept there, of that scan; None where there is nothing whole (each array has a checksum)."""
    try:
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in kept.files}
        record = json.loads(str(arrays["record"]))
        shading = None
        if "shading" in record:
            shading = ShadingField(**{name: arrays[name] for name in _FIELD}, **record["shading"])
        return Prepared(
            scan,
            arrays["array"],
            arrays["brain_mask"],
            AffineTransform(arrays["transform"]),
            _config(record["config"]),
            tuple(ProcessingStep(**step) for step in record["steps"]),
            tuple(record["warnings"]),
            shading,
        )
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return None


def _config(record: dict[str, Any]) -> PreprocessConfig:
    """JSON has lists for tuples."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
    return PreprocessConfig(**values | {"slab": Slab(**record["slab"])})
