"""Has a step failed? Figures, held against what real heads and wrong inputs gave."""

import numpy as np
from scipy import ndimage

from uad_core.atlas.masks import overlap
from uad_core.atlas.space import Slab
from uad_core.atlas.template import Atlas
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.slab import mask_to_slab, resample

CUT_OFF = "cut off by the scan's edge"
RIM_MM, BRIGHT_RIM = 3.0, 0.85  # how far beside a brain mask, and how bright at most, to the brain
HOLES_ML = 1.0  # of a brain mask that are no cause for doubt


def check_volume(brain_mask: np.ndarray, scan: Volume, config: PreprocessConfig) -> tuple[float, str | None]:
    """Millilitres of brain, and a warning where that is unusual. Raises ScanError (`strip_failed`)."""
    millilitres = float(np.count_nonzero(brain_mask)) * scan.voxel_mm3 / 1000
    low, high = config.possible_brain_ml
    if not low <= millilitres <= high:
        wrong = f"The brain mask holds {millilitres:.0f} ml, which is no brain ({low:.0f} to {high:.0f} ml)."
        check = "Check that the scan shows a whole head and is not stripped already, or give a brain mask of your own."
        raise ScanError("strip_failed", f"{wrong} {check}")
    low, high = config.usual_brain_ml
    unusual = f"The brain mask holds {millilitres:.0f} ml; {low:.0f} to {high:.0f} ml are usual. Check its outline."
    return millilitres, None if low <= millilitres <= high else unusual


def check_edges(brain_mask: np.ndarray, scan: Volume, config: PreprocessConfig) -> str | None:
    """A warning where the brain, (D, H, W) bool, goes on beyond the scan's edge, or beyond what of it has a signal."""
    shown, where = scan.array != 0, list[str]()
    for axis, ends in enumerate((("below", "above"), ("in front", "behind"), ("on the right", "on the left"))):
        others = tuple(one for one in range(3) if one != axis)
        areas, there = np.count_nonzero(brain_mask, axis=others), np.flatnonzero(shown.any(axis=others))
        most = config.most_brain_at_side if axis else config.most_brain_at_end
        where += [end for end, at in zip(ends, there[[0, -1]], strict=True) if areas[at] > most * areas.max()]
    if not where:
        return None
    sides = " and ".join(where)
    return f"The brain is {CUT_OFF} {sides}: nothing is said about what is missing, and its place is less certain."


def check_holes(brain: np.ndarray, whole: np.ndarray, scan: Volume) -> str | None:
    """A warning where `whole`, the brain without holes, holds more than `brain`, both (D, H, W) bool."""
    millilitres = np.count_nonzero(whole & ~brain) * scan.voxel_mm3 / 1000
    if millilitres <= HOLES_ML:
        return None
    why = "something was cut out, or fluid set to 0"
    return f"Within the brain {millilitres:.1f} ml are empty: {why}; they are not judged."


def check_rim(brain: np.ndarray, scan: Volume) -> str | None:
    """A warning where the scan goes on beside the mask `brain`, (D, H, W) bool, as bright as within.

    Beside a brain lies fluid, which is dark, or nothing. On twelve scans the median of what lies beside it is 0 to 0.7
    of that within; where the mask ended 6 mm too early, 0.94 to 1.17.
    """
    beside = ~brain & (ndimage.distance_transform_edt(~brain, sampling=scan.spacing_mm) <= RIM_MM)
    if not beside.any() or np.median(scan.array[beside]) <= BRIGHT_RIM * np.median(scan.array[brain]):
        return None
    return "Beside your brain mask the scan is as bright as within it: brain is left out, and is not judged."


def atlas_overlap(scan: Volume, brain_mask: np.ndarray, atlas: Atlas, transform: AffineTransform) -> float:
    """Dice of the scan's brain with the atlas's. What lies beyond the scan's own edge is left out."""
    voxel_map = scan.to_world.inverse @ transform @ atlas.flair.to_world
    brain = resample(brain_mask, voxel_map, atlas.flair.shape, order=0)
    seen = atlas.brain_mask & resample(np.ones(scan.shape, bool), voxel_map, atlas.flair.shape, order=0)
    return overlap(brain, seen)


def check_overlap(dice: float, config: PreprocessConfig) -> str | None:
    """A warning where the brains overlap badly. Raises ScanError (`registration_failed`)."""
    least = config.least_overlap if config.register else config.least_overlap_as_given
    if dice < least:
        off = f"The brain does not lie on the atlas (overlap {dice:.2f}, at least {least} is needed)."
        odd = "Check the scan's orientation, its slices' order and its brain mask."
        check = odd if config.register else "Switch registration on."
        raise ScanError("registration_failed", f"{off} {check}")
    if config.register and dice < config.good_overlap:
        return f"The brain overlaps the atlas by {dice:.2f} only; check the result before you use it."
    return None


def check_stretch(transform: AffineTransform, config: PreprocessConfig) -> str | None:
    """A warning where one axis is stretched far more than another. Raises ScanError (`registration_failed`)."""
    _, scales, turned = np.linalg.svd(transform.matrix[:3, :3])
    stretch = float(scales[0] / scales[-1])
    if stretch <= config.usual_stretch:
        size = float(np.cbrt(np.prod(scales)))
        if not config.usual_scale[0] <= size <= config.usual_scale[1]:
            other = "smaller" if size < 1 else "larger"
            return f"This brain is much {other} than an adult's: the atlas and the models are those of adults."
        across, along, upwards = np.diag(turned.T @ np.diag(scales) @ turned)  # without the rotation
        return _check_proportions(upwards / np.sqrt(across * along), along / across, config)
    found = f"The scan had to be stretched {stretch:.2f} times more along one axis than along another to fit the atlas"
    if stretch > config.possible_stretch:
        raise ScanError("registration_failed", f"{found}. Check the voxel size in its header, and its brain mask.")
    return f"{found}; check the voxel size in its header."


def _check_proportions(height: float, length: float, config: PreprocessConfig) -> str | None:
    """A warning where a brain is flatter, higher, shorter or longer than an adult's, as where a voxel size is wrong."""
    for found, (low, high), less, more in (
        (height, config.usual_height, "flatter", "higher"),
        (length, config.usual_length, "shorter", "longer"),
    ):
        if not low <= found <= high:
            shape = f"By its header this brain is much {less if found < low else more} than an adult's"
            return f"{shape} ({found:.2f} of the atlas's proportion; {low} to {high} are usual): check its voxel size."
    return None


def check_levels(scan: Volume, transform: AffineTransform, slab: Slab, atlas_brain: np.ndarray) -> str | None:
    """A warning where some levels of the slab lie beyond the scan. Raises ScanError (`slab`) where all of them do.

    `atlas_brain`: (D, 256, 256) bool, the atlas's at those levels.
    """
    seen = mask_to_slab(np.ones(scan.shape, bool), scan, transform, slab) & atlas_brain
    brain = np.count_nonzero(atlas_brain, axis=(1, 2))
    missed = (brain > 0) & (np.count_nonzero(seen, axis=(1, 2)) < 0.5 * brain)
    if missed.sum() == np.count_nonzero(brain):
        raise ScanError("slab", "The scan does not reach the axial levels asked for. Choose others.")
    if missed.any():
        return f"The scan does not reach {missed.sum()} of the {slab.count} axial levels asked for."
    return None
