"""How far do the grey values lie from those of the healthy scans that a model was measured on?

Real FLAIR of patients, at level 87 against 18 near-normal SOOP slices (farthest of those: 0.054): seven whole heads
0.016 to 0.042, an MS patient in MNI space 0.033; of 120 slices with an infarct 27 % lie beyond the farthest, 4 % twice
as far. SRI24's T2 lies at 0.119, but its T1 at 0.051 and its PD at 0.049: grey values alone do not tell a wrong
contrast, `contrast` does.
"""

from uad_core.models.calibration import Calibration
from uad_core.models.grey_reference import GreyReference
from uad_core.pipeline.postprocess import brain_shares
from uad_core.preprocess import Prepared
from uad_core.quality.check import Check, Severity

LEAST_SCANS = 4  # to speak of a spread
USUAL = 0.95  # share of the healthy scans that lie nearer; beyond: amber
FAR = 2.0  # times as far as the farthest of them: red
NAME = "Distance from the training data"


def distance(prepared: Prepared, calibration: Calibration | None) -> Check:
    """The check against the cohort whose grey values are nearest, in terms of its own spread."""
    if calibration is None:
        return Check(NAME, "grey", "No model is chosen to hold the scan against.")
    known = {name: one.intensities for name, one in calibration.references.items() if one.intensities}
    usable = {name: kept for name, kept in known.items() if len(kept.distances) >= LEAST_SCANS}
    if not usable:
        return Check(NAME, "grey", "Not known for this checkpoint: it keeps no grey values of enough healthy scans.")
    measured = {name: _measure(prepared, kept, calibration.erosion_mm) for name, kept in usable.items()}
    apart = {name: value for name, value in measured.items() if value is not None}
    if not apart:
        return Check(NAME, "grey", "The healthy scans of this checkpoint show other axial levels than this one.")
    nearest = min(apart, key=lambda name: apart[name] / float(usable[name].distances[-1]))
    numbers = "earth mover's distance " + "; ".join(_numbers(name, apart[name], usable[name]) for name in sorted(apart))
    kind = "simulated" if calibration.references[nearest].simulated else "real"
    severity, sentence = _verdict(apart[nearest], usable[nearest], f"the held-out healthy scans of {nearest} ({kind})")
    return Check(NAME, severity, sentence, numbers)


def _measure(prepared: Prepared, kept: GreyReference, erosion_mm: float) -> float | None:
    shares = brain_shares(prepared, kept.levels, erosion_mm)
    return None if shares is None else kept.distance(shares)


def _verdict(apart: float, kept: GreyReference, whom: str) -> tuple[Severity, str]:
    farthest = float(kept.distances[-1])
    if kept.nearer(apart) <= USUAL * len(kept.distances):
        return "green", f"The grey values lie among those of {whom}."
    if apart <= FAR * farthest:
        return "amber", f"The grey values lie at the edge of those of {whom} or beyond: expect more false findings."
    return "red", f"The grey values lie far beyond those of {whom}: residuals are raised everywhere."


def _numbers(name: str, apart: float, kept: GreyReference) -> str:
    farther = f"farther than {kept.nearer(apart)} of {len(kept.distances)} healthy scans"
    return f"{apart:.3f} from {name}, {farther} (the farthest: {kept.distances[-1]:.3f})"
