"""What a scan has behind it already, read off the scan itself."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.io.volume import Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.signal import commonest_on_faces, with_zero

_STRIPPED_ZEROS = 0.35  # least share of background in a stripped scan; those at hand have 0.71 to 0.85
_STRIPPED_ML = (600.0, 2300.0)  # what is not background is then a brain; whole heads at hand have 2800 and more
_STRIPPED_RIM = 0.75  # of stripped brains the rim is 0.97 or more, of heads with a black background 0.55 at most
_BRIGHT = 0.1  # of the 98th percentile: tissue, not noise


@dataclass(frozen=True)
class Findings:
    background: float  # share of voxels at exactly the value of the background
    foreground_ml: float
    rim: float  # brightness 4 to 8 mm below the surface, of that 25 mm below: a skull is dark there
    on_atlas_grid: bool
    stripped: bool


def inspect_scan(volume: Volume) -> Findings:
    """Measure the background, the rim and the grid of a scan. Raises ScanError: see `with_zero`."""
    volume, _ = with_zero(volume)
    foreground = tissue(volume)
    background = 1 - float(foreground.mean())
    foreground_ml = float(np.count_nonzero(foreground)) * volume.voxel_mm3 / 1000
    rim = _rim(volume)
    stripped = (
        background > _STRIPPED_ZEROS and _STRIPPED_ML[0] < foreground_ml < _STRIPPED_ML[1] and rim > _STRIPPED_RIM
    )
    on_atlas_grid = volume.shape == ATLAS_SHAPE and np.allclose(volume.affine, ATLAS_AFFINE, atol=0.01)
    return Findings(background, foreground_ml, rim, on_atlas_grid, stripped)


def infer_config(volume: Volume) -> PreprocessConfig:
    """The steps that this scan still needs.

    A stripped scan in another space, such as MNI's, is registered. Only the atlas's own grid, in its own place in the
    world, says that a scan has been registered to it.
    """
    found = inspect_scan(volume)
    return PreprocessConfig(strip=not found.stripped, register=not (found.stripped and found.on_atlas_grid))


def tissue(volume: Volume) -> np.ndarray:
    """(D, H, W) bool: voxels that differ from the background, the commonest value on the volume's faces."""
    background = commonest_on_faces(volume.array)
    return np.abs(volume.array - background) > 1e-6 * np.ptp(volume.array)


def _rim(volume: Volume) -> float:
    """Brightness 4 to 8 mm below the surface in plane, of that 25 mm below; 1 where nothing lies that deep."""
    steps = [max(1, round(2 / spacing)) for spacing in volume.spacing_mm]  # about 2 mm is fine enough
    array = volume.array[:: steps[0], :: steps[1], :: steps[2]]
    _, row_mm, column_mm = (spacing * step for spacing, step in zip(volume.spacing_mm, steps, strict=True))
    bright = array > _BRIGHT * np.quantile(array, 0.98)
    solid = np.stack([ndimage.binary_fill_holes(level) for level in bright])
    framed = np.pad(solid, ((0, 0), (1, 1), (1, 1)))
    depth = ndimage.distance_transform_edt(framed, sampling=(1e3, row_mm, column_mm))[:, 1:-1, 1:-1]
    core, rim = array[depth > 25], array[(depth > 4) & (depth <= 8)]
    return float(np.median(rim) / max(np.median(core), 1e-9)) if core.size and rim.size else 1.0
