"""From a residual to a lesion mask: median, eroded brain mask, threshold, small components.

The chain of Baur et al. 2018, section 3.1, computed in another order. A threshold commutes with a median (threshold
decomposition; Fitch, Coyle and Gallagher, IEEE Trans ASSP 32 (1984) 1183): in a window of n voxels, n odd, `median(r) >
t` holds exactly where more than n // 2 of them exceed t. So one binarisation and three running sums on small integers
replace the median filter, which is what makes a slider live.
"""

from dataclasses import dataclass
from math import floor
from typing import Literal

import cc3d
import numpy as np

from uad_core.atlas.masks import bounding_box
from uad_core.models.grey_reference import histogram_shares
from uad_core.pipeline.median import median_above
from uad_core.preprocess import Prepared

Sign = Literal["absolute", "positive"]
SIGNS: tuple[Sign, ...] = ("absolute", "positive")
Look = Literal["everywhere", "white-matter", "own-mask"]  # where to look: see `pipeline.look`
LOOKS: tuple[Look, ...] = ("everywhere", "white-matter", "own-mask")
LOOKS_WITHOUT_MASK = LOOKS[:2]  # where no mask of the user's can be given
MEDIAN_SIZES = (1, 3, 5, 7, 9)
MOST_EROSION_MM, MOST_LESION_MM3 = (
    20.0,
    100_000.0,
)  # eroding by a metre asks for gigabytes


@dataclass(frozen=True)
class PostprocessConfig:
    """All that turns a residual into a mask, but for the threshold."""

    signed: Sign = "absolute"  # the paper's |x - x_hat|; "positive" keeps only what is too bright
    median_size: int = 5  # edge of the cubic median window, voxels, odd; 1 switches it off
    erosion_mm: float = 2.0  # in plane; takes off the rim that imperfect skull stripping leaves
    min_lesion_mm3: float = 6.0  # the paper's 6 voxels on the 1 mm grid; smaller components go
    look: Look = "everywhere"  # or where white-matter disease lies, or within a mask of the user's

    def __post_init__(self) -> None:
        if self.signed not in SIGNS:
            raise ValueError(f'signed must be "absolute" or "positive", got {self.signed!r}')
        if self.look not in LOOKS:
            raise ValueError(f"look must be one of {LOOKS}, got {self.look!r}")
        if self.median_size not in MEDIAN_SIZES:
            raise ValueError(f"median_size must be one of {MEDIAN_SIZES}, got {self.median_size}")
        for name, most in (("erosion_mm", MOST_EROSION_MM), ("min_lesion_mm3", MOST_LESION_MM3)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie in [0, {most:g}], got {getattr(self, name):g}")


def residual(scan: np.ndarray, reconstruction: np.ndarray, signed: Sign = "absolute") -> np.ndarray:
    """What a model could not reconstruct: |x - x_hat|, or max(x - x_hat, 0). Same shape, float32."""
    difference = np.asarray(scan, np.float32) - np.asarray(reconstruction, np.float32)
    return np.abs(difference) if signed == "absolute" else np.maximum(difference, 0)


def anomaly_map(scan: np.ndarray, reconstruction: np.ndarray, score: np.ndarray | None, signed: Sign) -> np.ndarray:
    """The residual, or a model's own `score`, (2, D, H, W), in its place: too bright only, or the larger of both."""
    if score is None:
        return residual(scan, reconstruction, signed)
    return np.asarray(score[0] if signed == "positive" else score.max(axis=0), np.float32)


def erode(brain_mask: np.ndarray, erosion_mm: float) -> np.ndarray:
    """`brain_mask`, (D, H, W) bool, less pixels of 1 mm within `erosion_mm` of the outside or edge, in plane."""
    reach = floor(erosion_mm + 1e-9)
    if reach == 0:
        return brain_mask.astype(bool)
    height, width = brain_mask.shape[1:]
    padded = np.pad(brain_mask.astype(bool), ((0, 0), (reach, reach), (reach, reach)))
    eroded = padded[:, reach : reach + height, reach : reach + width].copy()
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dy * dy + dx * dx <= erosion_mm**2 + 1e-9:
                eroded &= padded[:, reach + dy : reach + dy + height, reach + dx : reach + dx + width]
    return eroded


def brain_shares(
    prepared: Prepared, levels: tuple[int, int], erosion_mm: float = PostprocessConfig.erosion_mm
) -> np.ndarray | None:
    """The share of the slightly eroded brain in each bin of grey, at `levels` (first, last); None without brain."""
    slab = prepared.slab
    part = slice(max(levels[0] - slab.first, 0), max(levels[1] + 1 - slab.first, 0))
    inside = erode(prepared.brain_mask[part], erosion_mm)
    return histogram_shares(prepared.array[part][inside]) if inside.any() else None


def remove_small(mask: np.ndarray, min_lesion_mm3: float) -> np.ndarray:
    """`mask`, with voxels of 1 mm3, without its 26-connected components of less than `min_lesion_mm3`."""
    smallest = int(np.ceil(min_lesion_mm3 - 1e-9))
    if smallest <= 1 or not mask.any():
        return mask
    voxels = np.nonzero(mask)
    labels = cc3d.connected_components(mask, connectivity=26)[voxels]
    large = np.zeros_like(mask)
    large[voxels] = (np.bincount(labels) >= smallest)[labels]
    return large


def mask_above(filtered: np.ndarray, inside: np.ndarray, threshold: float, min_lesion_mm3: float) -> np.ndarray:
    """As `segment_residual`, (D, H, W) bool, from a residual that is filtered already, within the eroded brain."""
    return remove_small((filtered > np.float32(threshold)) & inside, min_lesion_mm3)


def segment_residual(
    values: np.ndarray, brain_mask: np.ndarray, threshold: float, config: PostprocessConfig
) -> np.ndarray:
    """The lesion mask of one residual, float32 and not filtered, (D, H, W) bool on a grid of 1 mm.

    Equal in every voxel to `scipy.ndimage.median_filter`, times the eroded mask, greater than `threshold`, less the
    small 26-connected components. Raises ValueError for what is not finite, which would give an empty mask silently.
    """
    if not np.isfinite(threshold) or not np.isfinite(values.sum(dtype=np.float64)):
        raise ValueError("residual and threshold must be finite")
    mask = np.zeros(values.shape, bool)
    brain = bounding_box(brain_mask, margin=config.median_size // 2)
    inside = erode(brain_mask[brain], config.erosion_mm)
    mask[brain] = remove_small(
        median_above(values[brain], threshold, config.median_size) & inside, config.min_lesion_mm3
    )
    return mask
