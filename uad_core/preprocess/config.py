"""What preprocessing is to do, and when it has failed."""

from __future__ import annotations

from dataclasses import dataclass

from uad_core.atlas import PAPER_SLAB, Slab


@dataclass(frozen=True)
class PreprocessConfig:
    """The paper's chain; each step can be left out for scans that have it behind them."""

    strip: bool = True  # remove the skull; a brain mask of the user's replaces this
    register: bool = True  # to the atlas; False says that the scan lies in atlas space already
    denoise_iterations: int = 5  # of CurvatureFlow; 0 leaves it out
    slab: Slab = PAPER_SLAB  # axial levels to cut
    usual_brain_ml: tuple[float, float] = (900.0, 1800.0)  # outside: a warning
    possible_brain_ml: tuple[float, float] = (600.0, 2300.0)  # outside: the mask is wrong
    good_overlap: float = 0.93  # Dice of the registered brain with the atlas's; below: a warning
    least_overlap: float = 0.88  # below: registration failed
