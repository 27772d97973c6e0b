"""What speaks against a comparison of two dates."""

from collections.abc import Iterable

import numpy as np

from uad_core.detect.lights import cautions, lights_of
from uad_core.pipeline.change import TwoDates
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.quality import Check

LEAST_LIKENESS = 0.7  # correlation: of one brain, disturbed or simulated again, .98 and more, of two .26 to .58
UNEVEN = 2.0  # times the volume of the other date, of a region that is stable


def date_doubts(before: Reconstruction, after: Reconstruction) -> tuple[str, ...]:
    """What speaks against either scan alone, as for a detection; takes seconds, and depends on no setting."""
    same = np.array_equal(before.prepared.scan.array, after.prepared.scan.array)
    twice = ("Both dates are the same scan: was one file given twice?",) if same else ()
    return (*twice, *_of("First", before, lights_of(before)), *_of("Second", after, lights_of(after)))


def pair_doubts(dates: TwoDates) -> tuple[str, ...]:
    """What speaks against the two as a pair, and what a reader of the table may stumble on."""
    doubts = []
    if dates.likeness < LEAST_LIKENESS:
        doubts.append(
            f"The two scans are hardly alike (correlation {dates.likeness:.2f}; of one brain it is close to 1): "
            "another person, or another kind of picture? Then nothing of this is a change."
        )
    volumes = [sorted((one.before_mm3, one.after_mm3)) for one in dates.regions if one.status == "stable"]
    if uneven := sum(large > UNEVEN * small for small, large in volumes):
        doubts.append(
            f"In {uneven} stable {'region' if uneven == 1 else 'regions'} one date flags far more than the other, or "
            "it alone: the grey hardly changed there and lies near the threshold, which is no change."
        )
    if below := dates.below_threshold:
        doubts.append(
            f"{below} of the changed regions {'lies' if below == 1 else 'lie'} below the threshold at both dates: the "
            "grey changed clearly there, so that a lower one was used."
        )
    return tuple(doubts)


def _of(date: str, reconstruction: Reconstruction, lights: Iterable[Check]) -> list[str]:
    return [f"{date} date: {caution}" for caution in cautions(reconstruction, lights)]
