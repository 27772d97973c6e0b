"""The cohort that a class trains on: one slice each of simulated healthy brains, in `data_samples/toy_cohort/`.

python -m tools.toy_cohort SIMULATED_COHORT

The slices lie at MNI z = 18 mm, where public collections of single slices lie too. They are cut out of the first
subjects of a cohort that `python -m uad_core simulate` made.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.simulate.cohort import CITATION, write_participants
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.nifti import read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.render.png import encode

SUBJECTS = 40


def build_toy_cohort(folder: Path, out: Path = SAMPLES / "toy_cohort") -> Iterator[str]:
    """Write the pictures, whose names are those of the subjects that they were cut from. Yields each name."""
    rows = []
    for subject in open_cohort(folder).healthy.subjects[:SUBJECTS]:
        scan = read_nifti(subject.flair)
        picture = Image.fromarray(scan.array[MNI_18_LEVEL].astype(np.uint8))
        write_atomically(out / f"{subject.name}_FLAIR.png", encode(picture, compress_level=9))
        rows.append({"participant_id": subject.name, "group": "healthy", "anatomy": subject.anatomy, "lesion_ml": "0"})
        yield subject.name
    write_participants(out, rows)
    about = {"name": "toy_cohort", "simulated": True, "level": MNI_18_LEVEL, "source": CITATION}
    write_json(out / "cohort.json", about)


if __name__ == "__main__":
    print(*build_toy_cohort(Path(sys.argv[1])), sep="\n")
