"""Preparations kept on disk, for scans that ship with the project: its app need not prepare them at every start."""

import hashlib
from dataclasses import asdict
from typing import Any

from uad_core.atlas.space import Slab
from uad_core.io import kept
from uad_core.io.affine import AffineTransform
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep
from uad_core.preprocess.prepared import Prepared, ProcessingStep
from uad_core.preprocess.shading import ShadingField

ROOMS = ("atlas", "io", "preprocess")  # that a preparation depends on
_FIELD = ("coefficients", "terms", "centre", "half")  # arrays of a shading field


def prepare_once(source: bytes, slab: Slab, options: PrepareOptions, on_progress: OnStep) -> Prepared:
    """`prepare_scan`, or what an earlier call with the same bytes and options left on disk. Raises ScanError."""
    if options.brain_mask or options.look_mask or options.atlas:
        return prepare_scan(source, slab, options, on_progress)
    what = hashlib.sha256(source + repr((slab, options)).encode()).hexdigest()[:24]
    scan = read_scan(source, options.series)
    if (known := _load(what, scan)) is not None:
        return known
    prepared = prepare_scan(scan, slab, options, on_progress)
    _keep(what, prepared)
    return prepared


def _keep(what: str, prepared: Prepared) -> None:
    record: dict[str, Any] = {
        "config": asdict(prepared.config),
        "steps": [asdict(step) for step in prepared.steps],
        "warnings": prepared.warnings,
    }
    arrays = {"array": prepared.array, "brain_mask": prepared.brain_mask, "transform": prepared.transform.matrix}
    if field := prepared.shading:
        arrays |= {name: getattr(field, name) for name in _FIELD}
        record["shading"] = {key: value for key, value in vars(field).items() if key not in _FIELD}
    kept.keep(what, ROOMS, arrays, record)


def _load(what: str, scan: Volume) -> Prepared | None:
    """What is kept of that scan; None where there is nothing whole."""
    if (known := kept.load(what, ROOMS)) is None:
        return None
    arrays, record = known
    field = record.get("shading")
    return Prepared(
        scan,
        arrays["array"],
        arrays["brain_mask"],
        AffineTransform(arrays["transform"]),
        _config(record["config"]),
        tuple(ProcessingStep(**step) for step in record["steps"]),
        tuple(record["warnings"]),
        field and ShadingField(**{name: arrays[name] for name in _FIELD} | field),
    )


def _config(record: dict[str, Any]) -> PreprocessConfig:
    """JSON has lists for tuples."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
    return PreprocessConfig(**values | {"slab": Slab(**record["slab"])})
