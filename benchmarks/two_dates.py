"""`python -m benchmarks.two_dates`: pairs of simulated scans of one person, unchanged and with known changes.

Of each anatomy a patient with lesions is scanned twice: another position, noise and shading. In half the pairs the
second date has lesions that the first had not, and some that had grown. Printed are a row a pair, then how many
unchanged pairs had no new or enlarged region, and precision, recall and F1 of new and enlarged regions.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cc3d
import numpy as np

from benchmarks.two_dates_pairs import make_pair
from uad_core.atlas.space import PAPER_SLAB, SLICE_SHAPE
from uad_core.cohorts.simulate.cohort import load_anatomy
from uad_core.cohorts.simulate.subject import SimulationConfig
from uad_core.commands import listed
from uad_core.detect.followup import FollowUpRequest, prepared_pair, usual_follow_up
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.change import TwoDates, compare_dates
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess import crop_levels
from uad_core.preprocess.from_file import PrepareOptions

PAPER = (slice(PAPER_SLAB.first, PAPER_SLAB.first + PAPER_SLAB.count),)


def main() -> None:
    """Print a row a pair, model and percentile, then the figures of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label-maps", type=Path, required=True, help="folder of FreeSurfer-style label maps")
    parser.add_argument("--models", default="marker", help="separated by commas (default: %(default)s)")
    parser.add_argument("--percentiles", default="98", help="separated by commas (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=20, help="of each kind (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first pair (default: %(default)s)")
    parser.add_argument("--anatomies", type=int, default=4, help="to make them from (default: %(default)s)")
    options = parser.parse_args()
    checkpoints = [load_checkpoint(name) for name in listed(options.models)]
    percentiles = [float(one) for one in listed(options.percentiles)]
    maps = sorted(options.label_maps.glob("*.nii*"))[-options.anatomies :]
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number in range(options.first, options.first + options.pairs):
        anatomy = load_anatomy(maps[number % len(maps)], SimulationConfig())
        for still in (True, False):
            pair = make_pair(anatomy, 2 * number + still, still)
            request = FollowUpRequest(pair.first, pair.second, checkpoints[0], DetectConfig(), PrepareOptions())
            both = prepared_pair(request, lambda step, share: None)
            for checkpoint in checkpoints:
                first, second = (reconstruct(crop_levels(one, PAPER_SLAB), checkpoint) for one in both)
                for percentile in percentiles:
                    found = compare_dates(first, second, replace(usual_follow_up(checkpoint), percentile=percentile))
                    name = f"{checkpoint.name} {percentile:g}"
                    row = tallies[name].add(*judged(found, first, pair.truth), still)
                    print(number, name, row, found.sentence.partition(". A change")[0], flush=True)
    for name, tally in tallies.items():
        print(name, tally.sentence)


@dataclass
class Tally:
    """What was found of all changes in all pairs so far."""

    still: int = 0
    quiet: int = 0
    true: int = 0
    hits: int = 0
    wrong: int = 0

    def add(self, hits: int, true: int, wrong: int, still: bool) -> str:
        """One pair more; what it was, for a row."""
        self.still += still
        self.quiet += still and not wrong
        self.true, self.hits, self.wrong = self.true + true, self.hits + hits, self.wrong + wrong
        return f"{'still' if still else 'changed'}: {hits} of {true}, {wrong} false."

    @property
    def sentence(self) -> str:
        total = 2 * self.hits + self.wrong + self.true - self.hits
        return (
            f"nothing new or enlarged in {self.quiet} of {self.still} unchanged pairs; {self.hits} of {self.true} "
            f"changes found, {self.wrong} false, F1 {2 * self.hits / max(total, 1):.3f}"
        )


def judged(found: TwoDates, before: Reconstruction, truth: np.ndarray) -> tuple[int, int, int]:
    """Changes found, changes there are of 100 mm3 and more at the levels searched, and regions that are no change."""
    slab_truth = np.zeros((PAPER_SLAB.count, *SLICE_SHAPE), bool)
    slab_truth[:, 8:248, 8:248] = truth[PAPER]
    slab_truth &= before.inside(2.0)
    flagged = found.mask_of("new", "enlarged")
    parts = cc3d.connected_components(slab_truth, connectivity=26)
    sizes = np.bincount(parts.ravel())[1:]
    large = [number for number, size in enumerate(sizes, 1) if size >= 100]
    recalled = sum(bool((flagged & (parts == number)).sum() >= 0.1 * sizes[number - 1]) for number in large)
    false = [region for region in found.regions if region.status in ("new", "enlarged")
             and not (slab_truth & (found.labels == region.number)).any()]  # fmt: skip
    return recalled, len(large), len(false)


if __name__ == "__main__":
    main()
