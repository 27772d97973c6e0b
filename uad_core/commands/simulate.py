"""`python -m uad_core simulate`: a cohort from label maps."""

import argparse
from pathlib import Path

from tqdm import tqdm

from uad_core.cohorts.simulate.cohort import simulate_cohort
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.commands import FOLDER
from uad_core.io.volume import ScanError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--label-maps", **FOLDER, help="FreeSurfer-style label maps (default: phantoms)")
    add("--out", **FOLDER, required=True, help="cohort to write")
    add("--healthy", type=int, default=83, help="number of healthy subjects (default: the paper's %(default)s)")
    add("--ms", type=int, default=49, help="number of patients with MS lesions (default: the paper's %(default)s)")
    add("--seed", type=int, default=2018, help="same seed and label maps: same cohort (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Simulate, printing a line for each subject."""
    maps = label_maps_in(options.label_maps) if options.label_maps else [phantom(options.seed + i) for i in range(10)]
    counts = {"healthy": options.healthy, "ms": options.ms}
    subjects = simulate_cohort(maps, options.out, counts, options.seed)
    for progress in tqdm(subjects, total=sum(counts.values()), unit="subject"):
        tqdm.write(f"{progress.subject}: {progress.seconds:.1f} s")


def label_maps_in(folder: Path) -> list[Path]:
    """NIfTI files of a folder, in the order of their names. Raises ScanError where there are none."""
    paths = sorted(path for path in folder.glob("*.nii*") if path.name.endswith((".nii", ".nii.gz")))
    if not paths:
        raise ScanError("label_maps", "The folder holds no label maps (.nii or .nii.gz).")
    return paths
