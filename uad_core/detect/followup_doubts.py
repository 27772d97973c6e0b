"""What speaks against a comparison of two dates."""

from collections.abc import Iterable

from uad_core.detect.lights import cautions, lights_of
from uad_core.pipeline.change import TwoDates
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.quality import Check

LEAST_LIKENESS = 0.7  # correlation: of one brain, disturbed or simulated again, .98 and more, of two .26 to .58


def date_doubts(before: Reconstruction, after: Reconstruction) -> tuple[str, ...]:
    """What speaks against either scan alone, as for a detection; takes seconds, and depends on no setting."""
    return (*_of("First", before, lights_of(before)), *_of("Second", after, lights_of(after)))


def pair_doubts(dates: TwoDates) -> tuple[str, ...]:
    """What speaks against the two as a pair, and what a reader of the table may stumble on."""
    doubts = []
    if dates.likeness < LEAST_LIKENESS:
        doubts.append(
            f"The two scans are hardly alike (correlation {dates.likeness:.2f}; of one brain it is close to 1): "
            "another person, or another kind of picture? Then nothing of this is a change."
        )
    one_date = sum(one.status == "stable" and 0 in (one.before_mm3, one.after_mm3) for one in dates.regions)
    if one_date:
        doubts.append(
            f"{one_date} of the stable regions {'is' if one_date == 1 else 'are'} flagged at one date alone: the grey "
            "hardly changed there and lies near the threshold, which is no change."
        )
    if below := dates.below_threshold:
        doubts.append(
            f"{below} of the changed regions {'lies' if below == 1 else 'lie'} below the threshold at both dates: the "
            "grey changed clearly there, so that a lower one was used."
        )
    return tuple(doubts)


def _of(date: str, reconstruction: Reconstruction, lights: Iterable[Check]) -> list[str]:
    return [f"{date} date: {caution}" for caution in cautions(reconstruction, lights)]
