"""All checks of a scan."""

from uad_core.models.calibration import Calibration
from uad_core.preprocess import Prepared
from uad_core.quality.brain import brain_volume, field_of_view, levels, place, rim, skull
from uad_core.quality.check import Check
from uad_core.quality.contrast import contrast
from uad_core.quality.ghosts import ghosts
from uad_core.quality.header_checks import orientation, thickness
from uad_core.quality.intensity_distance import distance
from uad_core.quality.saturation import floor, saturation
from uad_core.quality.shading import shading
from uad_core.quality.sharpness import sharpness
from uad_core.quality.slices import slices


def run_checks(
    prepared: Prepared, calibration: Calibration | None = None, whole: Prepared | None = None
) -> tuple[Check, ...]:
    """What speaks for and against trusting a result on this scan, in the order in which it should be read.

    `prepared` is at the levels of the model that has this `calibration`; `whole` at all, for the volume of its brain.
    """
    of_brain = (rim(prepared), *((brain_volume(whole),) if whole else ()))
    of_header = orientation(prepared.scan), thickness(prepared.scan)
    of_scan = sharpness(prepared.scan), slices(prepared.scan), ghosts(prepared)
    of_place = field_of_view(prepared), place(prepared), levels(prepared)
    of_greys = shading(prepared), saturation(prepared), floor(prepared), distance(prepared, calibration)
    return contrast(prepared), skull(prepared), *of_brain, *of_header, *of_scan, *of_place, *of_greys
