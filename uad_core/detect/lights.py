"""What speaks against a result: the same lights and sentences in its JSON, its report, the command line and the app."""

from collections.abc import Iterable

from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.quality import Check, run_checks, warnings


def lights_of(reconstruction: Reconstruction) -> tuple[Check, ...]:
    """The checks of the scan, at the levels of the model and against its reference."""
    return run_checks(reconstruction.prepared, reconstruction.checkpoint.calibration)


def cautions(reconstruction: Reconstruction, lights: Iterable[Check]) -> tuple[str, ...]:
    """Sentences: what was tolerated in the file, what went doubtfully on the way, and every amber or red light."""
    prepared = reconstruction.prepared
    return (*prepared.scan.notes, *prepared.warnings, *reconstruction.warnings, *warnings(lights))


def stamp(red: Iterable[str]) -> str:
    """What is put on every picture of the mask, given the names of the checks that are red; empty where none is."""
    names = ", ".join(red)
    return f"Red light: {names}" if names else ""


def stamp_of(lights: Iterable[Check]) -> str:
    """The same for the lights themselves; a check that several have is named once."""
    return stamp(dict.fromkeys(light.name for light in lights if light.severity == "red"))
