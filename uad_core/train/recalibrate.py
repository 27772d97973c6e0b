"""A checkpoint that was calibrated before grey values were kept: add them, and leave all else as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from uad_core.atlas.space import Slab
from uad_core.cohorts.cohort import Cohort
from uad_core.cohorts.load import load_subject
from uad_core.io.atomic import write_json
from uad_core.io.paths import CHECKPOINTS
from uad_core.train.grey_values import GreyReferenceBuilder


def add_intensities(
    name: str,
    cohorts: Sequence[Cohort],
    folder: Path = CHECKPOINTS,
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[str, ...]:
    """Write the grey values of the held-out healthy scans into NAME.json. The weights are not touched.

    Args:
        cohorts: those that the checkpoint was trained on, as far as they are here.
        on_progress: gets the fraction that is done, [0, 1].

    Returns:
        The names of the reference cohorts that were filled in.
    """
    path = folder / f"{name}.json"
    record = json.loads(path.read_bytes())
    slab, references = Slab(**record["slab"]), record["calibration"]["references"]
    held_out = {part["cohort"]: set(part["held_out"]) for part in record["trained_on"]}
    here = [cohort for cohort in cohorts if cohort.name in references]
    for done, cohort in enumerate(here):
        on_progress(done / len(here))
        greys = GreyReferenceBuilder()
        healthy = [subject for subject in cohort.subjects if subject.name in held_out[cohort.name]]
        for subject in healthy[: references[cohort.name]["scans"]]:
            greys.add(load_subject(subject, slab), record["calibration"]["erosion_mm"])
        found = greys.intensities()
        references[cohort.name]["intensities"] = found.to_json() if found else None
    write_json(path, record)
    return tuple(cohort.name for cohort in here)
