"""Has a step failed? Figures, held against what real heads and wrong inputs gave."""

import numpy as np

from uad_core.atlas.masks import overlap
from uad_core.atlas.space import Slab
from uad_core.atlas.template import Atlas
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.slab import mask_to_slab, resample

CUT_OFF = "cut off by the scan's edge"
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


def check_edges(brain_mask: np.ndarray, config: PreprocessConfig) -> str | None:
    """A warning where the brain, (D, H, W) bool, goes on beyond the scan's first or last level."""
    areas = np.count_nonzero(brain_mask, axis=(1, 2))
    below, above = (end > config.most_brain_at_end * areas.max() for end in (areas[0], areas[-1]))
    if not below and not above:
        return None
    where = "below and above" if below and above else "above" if above else "below"
    return f"The brain is {CUT_OFF} {where}: nothing is said about what is missing, and its place is less certain."


def check_holes(brain: np.ndarray, whole: np.ndarray, scan: Volume) -> str | None:
    """A warning where `whole`, the brain without holes, holds more than `brain`, both (D, H, W) bool."""
    millilitres = np.count_nonzero(whole & ~brain) * scan.voxel_mm3 / 1000
    if millilitres <= HOLES_ML:
        return None
    return f"Within the brain {millilitres:.1f} ml are empty, as where a lesion was cut out; they are not judged."


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
        check = "Check the scan's orientation and its brain mask." if config.register else "Switch registration on."
        raise ScanError("registration_failed", f"{off} {check}")
    if config.register and dice < config.good_overlap:
        return f"The brain overlaps the atlas by {dice:.2f} only; check the result before you use it."
    return None


def check_stretch(transform: AffineTransform, config: PreprocessConfig) -> str | None:
    """A warning where one axis is stretched far more than another. Raises ScanError (`registration_failed`)."""
    scales = np.linalg.svd(transform.matrix[:3, :3], compute_uv=False)
    stretch = float(scales[0] / scales[-1])
    low, high = config.usual_scale
    if stretch <= config.usual_stretch and low <= np.cbrt(np.prod(scales)) <= high:
        return None
    if stretch <= config.usual_stretch:
        size = "smaller" if np.cbrt(np.prod(scales)) < low else "larger"
        return f"This brain is much {size} than an adult's: the atlas and the models are those of adults."
    found = f"The scan had to be stretched {stretch:.2f} times more along one axis than along another to fit the atlas"
    if stretch > config.possible_stretch:
        raise ScanError("registration_failed", f"{found}. Check the voxel size in its header, and its brain mask.")
    return f"{found}; check the voxel size in its header."


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
