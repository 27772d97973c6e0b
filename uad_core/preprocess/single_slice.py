"""A single axial slice, as public collections publish them: stripped, 1 mm, without a header."""

from time import perf_counter

import numpy as np
from scipy import ndimage

from uad_core.atlas.masks import overlap
from uad_core.atlas.space import Slab
from uad_core.atlas.template import template
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.checks import check_overlap
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.normalise import denoise, normalise, tissue_level
from uad_core.preprocess.prepared import Prepared, ProcessingStep
from uad_core.preprocess.slab import to_slab

_USUAL_SIZE = (0.8, 1.3)  # of the brain against the template's, per axis; outside, pixels are not 1 mm


def prepare_slice(picture: np.ndarray, level: int, denoise_iterations: int = 5) -> Prepared:
    """Lay a slice on the template's at one level, in place and size, and treat it like a volume's slices.

    Place and size are the mean and the standard deviation of the brain's rows and columns. Size matters: slices of MNI
    space, as of SOOP, are 1.10 times as high and 1.13 times as wide as SRI24's. Raises ScanError: `dims`, `constant`
    for no usable picture, `registration_failed` where its outline is no brain's.

    `picture` is (H, W), pixels of 1 mm, row 0 anterior, column 0 the patient's right, 0 outside the brain.
    """
    if picture.ndim != 2 or min(picture.shape) < 2:
        raise ScanError("dims", "A grey-scale picture of one axial slice is needed.")
    if not np.isfinite(picture).all() or not (picture > 0).any():
        raise ScanError("constant", "The picture is black, or holds values that are no numbers.")
    started = perf_counter()
    slab = Slab(level, 1)
    atlas_brain = template().tissues_in(slab) > 0
    brain = ndimage.binary_fill_holes(picture > 0)
    middle, spread = _moments(brain)
    atlas_middle, atlas_spread = _moments(atlas_brain[0])
    offset = AffineTransform.shift(0, *np.round(atlas_middle - middle))  # middle upon middle, to the pixel
    scan = Volume.from_canonical(picture[None].astype(np.float32), (slab.to_world @ offset).matrix)
    size = spread / atlas_spread
    fit = np.diag([1.0, *size, 1.0])  # slab voxel -> voxel of the picture
    fit[1:3, 3] = middle - size * atlas_middle
    transform = scan.to_world @ AffineTransform(fit) @ slab.to_world.inverse
    config = PreprocessConfig(strip=False, denoise_iterations=denoise_iterations, slab=slab)

    array, inside = to_slab(scan, brain[None], transform, slab)
    dice = overlap(inside, atlas_brain)
    warnings = [check_overlap(dice, config)]
    if not all(_USUAL_SIZE[0] <= ratio <= _USUAL_SIZE[1] for ratio in size):
        larger = f"{size[0]:.2f} x {size[1]:.2f} times as large as the template's"
        warnings.append(f"The brain is {larger}; are its pixels 1 mm wide?")
    how = f"Laid on level {level}: brain overlap (Dice) {dice:.3f}."
    laid = ProcessingStep("register", perf_counter() - started, how)
    started = perf_counter()
    array = normalise(denoise(array, denoise_iterations), inside, tissue_level(array, inside))
    done = ProcessingStep("normalise", perf_counter() - started, "Denoised; scaled so that brain tissue lies at 0.5.")
    return Prepared(scan, array, inside, transform, config, (laid, done), tuple(w for w in warnings if w))


def _moments(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the rows and columns of a (H, W) mask."""
    places = np.nonzero(mask)
    return np.array([axis.mean() for axis in places]), np.array([max(axis.std(), 0.1) for axis in places])
