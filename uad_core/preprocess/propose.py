"""What a scan has behind it already, read off the scan itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uad_core.atlas import ATLAS_SHAPE
from uad_core.preprocess.config import PreprocessConfig
from uad_core.volume import Volume

_STRIPPED_ZEROS = 0.35  # share of voxels that are exactly background; a raw head has noise or a scalp there
_STRIPPED_ML = (600.0, 2300.0)  # what is not background is then a brain


def tissue(volume: Volume) -> np.ndarray:
    """(D, H, W) bool: voxels that differ from the background, the commonest value on the volume's faces."""
    faces = [np.take(volume.array, end, axis=axis).ravel() for axis in range(3) for end in (0, -1)]
    values, often = np.unique(np.concatenate(faces), return_counts=True)
    return np.abs(volume.array - values[np.argmax(often)]) > 1e-6 * np.ptp(volume.array)


@dataclass(frozen=True)
class Findings:
    """Attributes: shares and volumes that the proposal rests on, and what they amount to."""

    background: float  # share of voxels at exactly the value of the background
    foreground_ml: float
    on_atlas_grid: bool
    stripped: bool


def inspect(volume: Volume) -> Findings:
    """Look at the background and the grid of a scan."""
    foreground = tissue(volume)
    background = 1 - float(foreground.mean())
    foreground_ml = float(np.count_nonzero(foreground)) * volume.voxel_mm3 / 1000
    stripped = background > _STRIPPED_ZEROS and _STRIPPED_ML[0] < foreground_ml < _STRIPPED_ML[1]
    on_atlas_grid = volume.shape == ATLAS_SHAPE and np.allclose(volume.spacing_mm, 1, atol=1e-3)
    return Findings(background, foreground_ml, on_atlas_grid, stripped)


def propose(volume: Volume) -> tuple[PreprocessConfig, tuple[str, ...]]:
    """The steps that this scan still needs, and a sentence for each that it does not."""
    findings = inspect(volume)
    reasons = []
    if findings.stripped:
        reasons.append(
            f"The scan looks skull-stripped already ({100 * findings.background:.0f} % background, "
            f"{findings.foreground_ml:.0f} ml of tissue), so stripping is left out."
        )
    if findings.stripped and findings.on_atlas_grid:
        reasons.append("The scan lies on the grid of the atlas already, so registration is left out.")
    return PreprocessConfig(
        strip=not findings.stripped, register=not (findings.stripped and findings.on_atlas_grid)
    ), tuple(reasons)
