"""What a model makes of a scan that ships with the project, kept on disk: the first picture waits for no model."""

import hashlib
from dataclasses import asdict

import torch

from uad_core.detect.lights import lights_of
from uad_core.io import kept
from uad_core.models.checkpoint import Checkpoint
from uad_core.models.contract import OnProgress
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared
from uad_core.preprocess.prepare_once import ROOMS as PREPARATION
from uad_core.quality import Check

ROOMS = (*PREPARATION, "models", "pipeline", "quality", "detect")  # that a detection depends on


def reconstruct_once(
    scan: str, prepared: Prepared, checkpoint: Checkpoint, on_progress: OnProgress | None = None
) -> Reconstruction:
    """`reconstruct`, or what an earlier call left on disk. `scan` identifies the scan and how it is prepared."""
    what = _what("reconstruction", scan, checkpoint)
    if (known := kept.load(what, ROOMS)) is not None:
        arrays, record = known
        warnings, score = tuple(record["warnings"]), arrays.get("score")
        return Reconstruction(
            prepared, checkpoint, arrays["array"], arrays["searched"], record["seconds"], warnings, score
        )
    made = reconstruct(prepared, checkpoint, on_progress)
    arrays = {"array": made.array, "searched": made.searched} | ({} if made.score is None else {"score": made.score})
    kept.keep(what, ROOMS, arrays, {"seconds": made.seconds, "warnings": made.warnings})
    return made


def lights_once(scan: str, reconstruction: Reconstruction) -> tuple[Check, ...]:
    """`lights_of`, likewise."""
    what = _what("lights", scan, reconstruction.checkpoint)
    if (known := kept.load(what, ROOMS)) is not None:
        return tuple(Check(**check) for check in known[1]["checks"])
    checks = lights_of(reconstruction)
    kept.keep(what, ROOMS, {}, {"checks": [asdict(check) for check in checks]})
    return checks


def _what(result: str, scan: str, checkpoint: Checkpoint) -> str:
    """Other processors may round otherwise."""
    parts = (result, scan, checkpoint.identity, torch.backends.cpu.get_cpu_capability())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
