"""The cohorts of an experiment: simulated and prepared once, kept in its folder, or the user's own."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from uad_core.atlas.space import PAPER_SLAB
from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.cohorts.preparation import prepare_cohort
from uad_core.cohorts.simulate.cohort import simulate_cohort
from uad_core.cohorts.tables import read_about
from uad_core.evaluate.rows import knows
from uad_core.experiment.config import ExperimentConfig
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import Checkpoint

OnMessage = Callable[[str], None]
BUNDLED = (
    "These are the few scans that ship with the project, for want of label maps (--label-maps): an example, too few "
    "to rank models by."
)


@dataclass(frozen=True)
class CohortSource:
    """A cohort and where its results go."""

    cohort: Cohort
    folder: str  # name of its results' folder
    sentences: tuple[str, ...] = ()  # on what is special about it, for the report

    @property
    def slices(self) -> bool:
        return all(subject.is_slice for subject in self.cohort.subjects)


def gather(config: ExperimentConfig, on_message: OnMessage) -> list[CohortSource]:
    """The simulated cohort first, then the user's. Raises ScanError: no cohort; ValueError: one simulated otherwise."""
    if config.label_maps:
        sources = [_simulated(config, on_message)]
    else:
        sources = [CohortSource(open_cohort(SAMPLES), "samples", (BUNDLED,))]
    for path in config.cohorts:
        cohort = open_cohort(path)
        taken = {source.folder for source in sources}
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in cohort.name).lower() or "cohort"
        names = (plain, *(f"{plain}-{count}" for count in range(2, len(taken) + 3)))
        sources.append(CohortSource(cohort, next(name for name in names if name not in taken)))
    return sources


def _simulated(config: ExperimentConfig, on_message: OnMessage) -> CohortSource:
    healthy, patients = config.subjects
    raw, prepared = config.out / "cohorts" / "simulated", config.out / "cohorts" / "simulated-prepared"
    if (raw / "cohort.json").exists():
        _, about = read_about(raw)
        if tuple(about.get(key) for key in ("seed", "healthy", "ms")) != (config.seed, healthy, patients):
            raise ValueError("The folder holds a simulated cohort of another seed or size; name another --out.")
        on_message(f"Simulated cohort: kept, {healthy} healthy and {patients} patients.")
    else:
        with complete_folder(raw) as part:
            for step in simulate_cohort(config.label_maps, part, {"healthy": healthy, "ms": patients}, config.seed):
                on_message(f"Simulated {step.subject} ({step.done} of {step.total}).")
    if not (prepared / "cohort.json").exists():
        with complete_folder(prepared) as part:
            for done in prepare_cohort(open_cohort(raw), raw, part, PAPER_SLAB):
                on_message(f"Prepared {done.subject} ({done.done} of {done.total}). {done.problem or ''}".rstrip())
    return CohortSource(open_cohort(prepared), "simulated")


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """A folder that is there when all of it is: filled under another name, which is left over after a crash."""
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    yield part
    part.replace(folder)


def to_evaluate(source: CohortSource, checkpoints: Sequence[Checkpoint]) -> CohortSource:
    """The source without healthy subjects that a model was trained on: they count in no figure and take hours.

    They stay where another subject was made from the same brain, so that the record can say so.
    """
    cohort = source.cohort
    trained = {
        subject.name
        for subject in cohort.healthy.subjects
        if any(knows(checkpoint, subject, cohort) == "trained" for checkpoint in checkpoints)
    }
    kept = tuple(subject for subject in cohort.subjects if subject.name not in trained)
    if not trained or not kept or {s.anatomy for s in kept} & {s.anatomy for s in cohort.subjects if s.name in trained}:
        return source
    sentence = f"{len(trained)} healthy subjects that a model here was trained on were left out."
    return replace(source, cohort=replace(cohort, subjects=kept), sentences=(*source.sentences, sentence))


def for_training(sources: Sequence[CohortSource], on_message: OnMessage) -> list[Cohort]:
    """The cohorts with healthy subjects of at least two brains. Raises ScanError: there are none."""
    fit = [source for source in sources if len({subject.anatomy for subject in source.cohort.healthy.subjects}) > 1]
    if not fit:
        raise ScanError("cohort", "Training needs healthy subjects: give --label-maps, or a --cohort with at least 2.")
    on_message(f"Training on healthy subjects of: {', '.join(source.cohort.name for source in fit)}.")
    return [source.cohort for source in fit]


def described(source: CohortSource) -> dict[str, Any]:
    """What a rerun needs to know of a cohort; the hash covers names, sizes and anatomies, not voxels."""
    cohort, digest = source.cohort, hashlib.sha256()
    for subject in cohort.subjects:
        sizes = [path.stat().st_size if path else 0 for path in (subject.flair, subject.lesion, subject.brain_mask)]
        digest.update(json.dumps([subject.name, subject.anatomy, *sizes]).encode())
    healthy = len(cohort.healthy.subjects)
    return {
        "cohort": cohort.name,
        "kind": "simulated" if cohort.simulated else "real",
        "patients": len(cohort.subjects) - healthy,
        "healthy": healthy,
        "levels": f"{cohort.subjects[0].level}" if source.slices else f"{PAPER_SLAB.first}-{PAPER_SLAB.levels[-1]}",
        "sha256": digest.hexdigest()[:16],
    }
