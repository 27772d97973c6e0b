"""All checks of a scan."""

from uad_core.models.calibration import Calibration
from uad_core.preprocess import Prepared
from uad_core.quality.brain import brain_volume, levels, place, skull
from uad_core.quality.check import Check
from uad_core.quality.contrast import contrast
from uad_core.quality.header_checks import orientation, thickness
from uad_core.quality.intensity_distance import distance


def run_checks(
    prepared: Prepared, calibration: Calibration | None = None, whole: Prepared | None = None
) -> tuple[Check, ...]:
    """What speaks for and against trusting a result on this scan, in the order in which it should be read.

    Args:
        prepared: at the levels that the model looks at.
        calibration: of the model.
        whole: the same scan prepared over all levels, for the volume of its brain.
    """
    found = [
        contrast(prepared),
        skull(prepared),
        *([brain_volume(whole)] if whole else []),
        orientation(prepared.scan),
        thickness(prepared.scan),
        place(prepared),
        levels(prepared),
        distance(prepared, calibration),
    ]
    return tuple(found)
