"""A cohort folder of simulated subjects, reproducible to the bit.

Several subjects share an anatomy and differ in shape, contrast and scanner. So a split has to go by anatomy, which
`participants.tsv` names; and the patients never share one with the healthy: see `share_out`.
"""

import csv
import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.atlas.template import template
from uad_core.cohorts.simulate.anatomy import Anatomy, soften
from uad_core.cohorts.simulate.label_map import LabelMap, read_label_map
from uad_core.cohorts.simulate.subject import SimulatedSubject, SimulationConfig, simulate_subject
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.nifti import write_nifti
from uad_core.io.volume import Volume

GROUPS = ("healthy", "ms")
COLUMNS = ("participant_id", "group", "anatomy", "lesion_ml", "lesion_count", "brain_ml")
_SYNTHSEG = "Apache-2.0, Billot et al., Med Image Anal 86 (2023) 102789."
CITATION = f"Label maps: if they are SynthSeg's training maps, {_SYNTHSEG}"


@dataclass(frozen=True)
class SimulateProgress:
    """One subject has been written."""

    done: int
    total: int
    subject: str
    seconds: float  # on one core; of an anatomy's first, its registration included


def share_out(label_maps: Sequence[Path | LabelMap]) -> dict[str, list[Path | LabelMap]]:
    """Which label maps the healthy and the patients are made from: the last fifth is the patients'; one serves both."""
    own = max(1, len(label_maps) // 5)
    return {"healthy": list(label_maps[: len(label_maps) - own]) or list(label_maps), "ms": list(label_maps[-own:])}


def simulate_cohort(
    label_maps: Sequence[Path | LabelMap],
    out: Path,
    counts: Mapping[str, int],
    seed: int,
    config: SimulationConfig = SimulationConfig(),
    name: str = "simulated",
) -> Iterator[SimulateProgress]:
    """Write `<subject>_FLAIR.nii.gz`, `_brainmask` and, for patients, `_lesion`, in atlas space.

    Every subject has a random generator of its own, from (seed, group, number): the first ten subjects of a large
    cohort are those of a small one. About 7 s a subject on one core, and 15 s an anatomy; every core takes an anatomy
    at a time. `counts`: subjects in each of `GROUPS`. Raises ScanError: a label map without a FreeSurfer-style brain,
    or one that cannot be registered.
    """
    if not label_maps:
        raise ValueError("at least one label map is needed to simulate a cohort")
    if out.is_dir() and any(out.glob("*_FLAIR.*")):
        raise ValueError("the folder for the cohort holds one already; name an empty one")
    sources = share_out(label_maps)
    anatomies = {
        group: [source.name if isinstance(source, LabelMap) else source.name.split(".")[0] for source in sources[group]]
        for group in GROUPS
    }
    about = {"name": name, "simulated": True, "seed": seed, **counts, "anatomies": anatomies, "source": CITATION}
    write_json(out / "cohort.json", {**about, "config": asdict(config)})
    rows: list[dict[str, str]] = []
    total = sum(counts.values())
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(label_maps))) as pool:
        jobs = []
        for source in label_maps:
            numbers = [
                (group, number)
                for group in GROUPS
                if source in sources[group]
                for number in range(sources[group].index(source), counts[group], len(sources[group]))
            ]
            jobs.append(pool.submit(_simulate_from, source, numbers, out, seed, config))
        for job in as_completed(jobs):
            for row, seconds in job.result():
                rows.append(row)
                write_participants(out, rows)  # each time, so that what an interruption leaves is a cohort too
                yield SimulateProgress(len(rows), total, row["participant_id"], seconds)


def _simulate_from(
    source: Path | LabelMap, numbers: Sequence[tuple[str, int]], out: Path, seed: int, config: SimulationConfig
) -> list[tuple[dict[str, str], float]]:
    """Write the subjects (group, number) of one label map; their rows, and the seconds that each took."""
    done, anatomy, before = [], None, time.monotonic()
    for group, number in numbers:
        anatomy = anatomy or load_anatomy(source, config)
        rng = np.random.default_rng([seed, GROUPS.index(group), number])
        subject = simulate_subject(anatomy, group == "ms", rng, config)
        row = write_subject(out, f"sub-{group}{number + 1:03d}", group, anatomy.name, subject)
        now = time.monotonic()
        done.append((row, now - before))
        before = now
    return done


def load_anatomy(source: Path | LabelMap, config: SimulationConfig) -> Anatomy:
    """A label map as soft tissue maps, registered to the template."""
    label_map = source if isinstance(source, LabelMap) else read_label_map(source)
    atlas = template()
    return soften(label_map, config.soften_mm).located(config.contrast.means(), atlas.flair, atlas.brain_mask)


def write_subject(out: Path, name: str, group: str, anatomy: str, subject: SimulatedSubject) -> dict[str, str]:
    """Writes the subject's files; returns its row of `participants.tsv`."""
    grid = Volume.from_canonical(np.zeros(ATLAS_SHAPE, np.float32), ATLAS_AFFINE)
    write_nifti(out / f"{name}_FLAIR.nii.gz", subject.flair, grid)
    write_nifti(out / f"{name}_brainmask.nii.gz", subject.brain_mask, grid)
    if group == "ms":
        write_nifti(out / f"{name}_lesion.nii.gz", subject.lesion_mask, grid)
    count = ndimage.label(subject.lesion_mask, np.ones((3, 3, 3)))[1]
    millilitres = subject.lesion_mask.sum() / 1000, subject.brain_mask.sum() / 1000  # the grid's voxel is 1 mm3
    values = (name, group, anatomy, f"{millilitres[0]:.3f}", str(count), f"{millilitres[1]:.0f}")
    return dict(zip(COLUMNS, values, strict=True))


def write_participants(out: Path, rows: list[dict[str, str]]) -> None:
    """Writes `participants.tsv`, one row a subject, sorted."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: row["participant_id"]))
    write_atomically(out / "participants.tsv", text.getvalue().encode())
