"""The scans that ship with the project, in `data_samples/`, from label maps held out from training.

python -m tools.samples LABEL_MAPS
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.two_dates_pairs import make_pair
from tools.raw_head import scan_head
from uad_core.cohorts.simulate.cohort import CITATION, load_anatomy, write_participants, write_subject
from uad_core.cohorts.simulate.label_map import read_label_map
from uad_core.cohorts.simulate.scanner import Scanner
from uad_core.cohorts.simulate.subject import SimulationConfig, simulate_subject
from uad_core.commands.simulate import label_maps_in
from uad_core.io.atomic import write_json
from uad_core.io.nifti import write_nifti
from uad_core.io.paths import SAMPLES, TWO_DATES

# (subject, group, seed): chosen by eye, for lesions of different kinds within the slab that models see
ATLAS_SAMPLES = (("sub-healthy01", "healthy", 2), ("sub-ms01", "ms", 5), ("sub-ms02", "ms", 5))
RAW_SAMPLE = ("sub-rawms03", "ms", 1)
PAIR_SEED = 4  # of the two dates; the anatomy is that of the second sample
QUIET = Scanner(noise=(0.04, 0.06), thick_probability=0.0)  # examples should show the lesions, not the scanner


def build_samples(label_maps: Sequence[Path], out: Path = SAMPLES) -> Iterator[str]:
    """Write three subjects in atlas space and, of the fourth label map, of a whole head, a raw one, in sentences."""
    if len(label_maps) < len(ATLAS_SAMPLES) + 1:
        raise ValueError(f"{len(ATLAS_SAMPLES) + 1} label maps are needed for the samples, got {len(label_maps)}")
    config = replace(SimulationConfig(), scanner=QUIET)
    rows = []
    for (name, group, seed), path in zip(ATLAS_SAMPLES, label_maps, strict=False):
        anatomy = load_anatomy(path, config)
        subject = simulate_subject(anatomy, group == "ms", np.random.default_rng(seed), config)
        rows.append(write_subject(out, name, group, anatomy.name, subject))
        yield f"{name}: {rows[-1]['lesion_ml']} ml of lesions, from {anatomy.name}"
    name, group, seed = RAW_SAMPLE
    label_map = read_label_map(label_maps[len(ATLAS_SAMPLES)])
    scan, lesion = scan_head(label_map, load_anatomy(label_map, config), np.random.default_rng(seed), config)
    write_nifti(out / f"{name}_FLAIR.nii.gz", scan.array.astype(np.uint8), scan)
    write_nifti(out / f"{name}_lesion.nii.gz", lesion, scan)
    millilitres = lesion.sum() * scan.voxel_mm3 / 1000
    rows.append({"participant_id": name, "group": group, "anatomy": label_map.name, "lesion_ml": f"{millilitres:.3f}"})
    write_participants(out, rows)
    write_json(out / "cohort.json", {"name": "samples", "simulated": True, "source": CITATION})
    yield f"{name}: {millilitres:.3f} ml of lesions, from {label_map.name}"
    yield build_two_dates(label_maps[1], out / TWO_DATES[0].parent.name)


def build_two_dates(label_map: Path, out: Path) -> str:
    """Write two scans of one patient, in a sentence. Their names are no subject's: nobody trains on them as healthy."""
    pair = make_pair(load_anatomy(label_map, SimulationConfig()), PAIR_SEED, still=False)
    out.mkdir(exist_ok=True)
    for path, scan in zip(TWO_DATES, (pair.first, pair.second), strict=True):
        write_nifti(out / path.name, scan.array.astype(np.uint8), scan)
    return f"two dates: {pair.truth.sum() / 1000:.3f} ml new or grown, from {label_map.name.split('.')[0]}"


if __name__ == "__main__":
    print(*build_samples(label_maps_in(Path(sys.argv[1]))), sep="\n")
