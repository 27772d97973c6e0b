"""What preprocessing is to do, and when it has failed."""

from dataclasses import dataclass

from uad_core.atlas.space import PAPER_SLAB, Slab


@dataclass(frozen=True)
class PreprocessConfig:
    """The paper's chain; each step can be left out for scans that have it behind them.

    The limits lie between what eight real scans gave and what wrong inputs gave. Overlap: 0.95 to 0.97, against 0.90 at
    most for heads upside down, back to front or on their side, half masks and noise, 0.91 for a ball. Stretch: 1.16 at
    most, against 1.3 for slices a third too thick; by its height alone, a fifth too thick or too thin is seen. Left and
    right exchanged cannot be noticed.
    """

    strip: bool = True  # remove the skull; a brain mask of the user's replaces this
    register: bool = True  # to the atlas; False says that the scan lies in atlas space already
    shading: bool = True  # even out the coil's shading; the paper did not
    denoise_iterations: int = 5  # of CurvatureFlow; 0 leaves it out
    slab: Slab = PAPER_SLAB  # axial levels to cut
    reach_mm: float = 3.0  # a stripped skull's brain ends here beyond the atlas's; real brains reach less far
    usual_brain_ml: tuple[float, float] = (900.0, 1900.0)  # outside: a warning
    possible_brain_ml: tuple[float, float] = (600.0, 2300.0)  # outside: the mask is wrong
    good_overlap: float = 0.94  # Dice of the registered brain with the atlas's; below: a warning
    least_overlap: float = 0.91  # below: registration failed
    least_overlap_as_given: float = 0.85  # the same without registering: affinely aligned heads differ in shape
    most_brain_at_end: float = 0.2  # of the largest level's brain, on the scan's first or last level; above: it is cut
    most_brain_at_side: float = 0.1  # the same in front, behind and at the sides; stripped brains end at 0.02 at most
    usual_scale: tuple[float, float] = (0.85, 1.2)  # of the atlas, along an axis on average; adults here 0.94 to 1.11
    usual_stretch: float = 1.25  # longest over shortest axis that the atlas is stretched by; above: a warning
    possible_stretch: float = 1.6  # above: registration failed
    usual_height: tuple[float, float] = (0.92, 1.14)  # stretch upwards to that across; 34 adults 0.97 to 1.09
    usual_length: tuple[float, float] = (0.86, 1.16)  # from front to back to that from side to side; 0.92 to 1.10
