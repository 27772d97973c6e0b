"""The chain from a scan to the slices that a model sees, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy import ndimage

from uad_core.atlas import SLICE_SHAPE, Atlas, Slab, template
from uad_core.nifti import read_nifti
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.intensity import denoise, normalise
from uad_core.preprocess.propose import tissue
from uad_core.preprocess.register import AffineTransform, register
from uad_core.preprocess.resample import resample
from uad_core.preprocess.slab import from_slab, to_slab
from uad_core.preprocess.strip import strip
from uad_core.volume import ScanError, Volume

Show = Callable[[str, float], None]


@dataclass(frozen=True)
class Step:
    """One step that was done: its name, what it took, and a sentence on how it went."""

    name: str
    seconds: float
    sentence: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """A scan as a model sees it.

    Attributes:
        scan: as it was read.
        array: (D, 256, 256) float32 in [0, 1], 0 outside the brain; D levels of the slab.
        brain_mask: (D, 256, 256) bool.
        transform: atlas world mm -> scan world mm.
        config: what was asked for.
        steps: what was done.
        warnings: sentences on what gives cause for doubt.
    """

    scan: Volume
    array: np.ndarray
    brain_mask: np.ndarray
    transform: AffineTransform
    config: PreprocessConfig
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def slab(self) -> Slab:
        return self.config.slab

    def to_scan(self, array: np.ndarray, order: int) -> np.ndarray:
        """(D, 256, 256) of the slab on the scan's grid (D, H, W), resampled once; 0 beyond the slab.

        `order` 0 (nearest) is for masks, 1 (linear) for maps.
        """
        return from_slab(array, self.slab, self.transform, self.scan, order)

    def to_slab(self, mask: np.ndarray) -> np.ndarray:
        """A bool mask on the scan's grid (D, H, W), seen in the slab (D, 256, 256)."""
        voxel_map = np.linalg.inv(self.scan.affine) @ self.transform.matrix @ self.slab.affine
        return resample(mask, voxel_map, self.slab.shape, order=0)


@dataclass
class _Log:
    """Collects steps and warnings while the chain runs."""

    show: Show
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)

    def begin(self, name: str, fraction: float) -> None:
        self.show(name, fraction)
        self.started = perf_counter()

    def end(self, name: str, sentence: str) -> None:
        self.steps.append(Step(name, perf_counter() - self.started, sentence))


def prepare(
    scan: Volume,
    config: PreprocessConfig,
    brain_mask: np.ndarray | None = None,
    atlas: Atlas | None = None,
    progress: Show | None = None,
) -> Prepared:
    """Strip, register, cut the slab, denoise, normalise.

    The paper registers before it strips; stripped brains register better, the steps are the same.

    Args:
        brain_mask: (D, H, W) bool on the scan's grid, the user's own; replaces stripping.
        atlas: to register to; the project's template by default.
        progress: called with a step's name and the share of all that is done.

    Raises:
        ScanError: `strip_failed`, `registration_failed` or `normalise_failed`: the result could not be trusted.
    """
    log = _Log(progress or (lambda name, fraction: None))
    log.begin("strip the skull", 0.0)
    brain_mask = _brain(scan, config, brain_mask, log)
    log.begin("register to the atlas", 0.3)
    transform = _transform(scan, brain_mask, config, atlas or template(), log)
    log.begin("denoise and normalise", 0.9)
    array, inside = to_slab(scan, brain_mask, transform, config.slab)
    empty = np.count_nonzero(~inside.any(axis=(1, 2)))
    if 0 < empty < config.slab.count and config.slab.count <= 40:
        log.warnings.append(f"The scan does not reach {empty} of the {config.slab.count} axial levels asked for.")
    array = normalise(denoise(array, config.denoise_iterations), inside)
    log.end("normalise", f"Denoised in {config.denoise_iterations} iterations; the brain's median is 0.5.")
    log.show("done", 1.0)
    return Prepared(scan, array, inside, transform, config, tuple(log.steps), tuple(log.warnings))


def _brain(scan: Volume, config: PreprocessConfig, given: np.ndarray | None, log: _Log) -> np.ndarray:
    if given is not None:
        mask, how = given, "Your own brain mask was used"
    elif config.strip:
        mask, how = strip(scan), "The skull was removed"
    else:
        mask, how = ndimage.binary_fill_holes(tissue(scan)), "The scan was taken as skull-stripped"
    millilitres = float(np.count_nonzero(mask)) * scan.voxel_mm3 / 1000
    low, high = config.possible_brain_ml
    if not low <= millilitres <= high:
        raise ScanError(
            "strip_failed",
            f"The brain mask holds {millilitres:.0f} ml, which is no brain ({low:.0f} to {high:.0f} ml). Check that "
            "the scan shows a whole head and is not stripped already, or give a brain mask of your own.",
        )
    low, high = config.usual_brain_ml
    if not low <= millilitres <= high:
        log.warnings.append(
            f"The brain mask holds {millilitres:.0f} ml; {low:.0f} to {high:.0f} ml are usual. Look at it."
        )
    log.end("strip", f"{how}: {millilitres:.0f} ml of brain.")
    return mask


def _transform(
    scan: Volume, brain_mask: np.ndarray, config: PreprocessConfig, atlas: Atlas, log: _Log
) -> AffineTransform:
    if config.register:
        transform = register(scan, brain_mask, atlas.flair, atlas.brain_mask)
    else:
        transform = AffineTransform.identity()
    overlap = _overlap(scan, brain_mask, atlas, transform)
    if overlap < config.least_overlap:
        raise ScanError(
            "registration_failed",
            f"The brain does not lie on the atlas (overlap {overlap:.2f}, at least {config.least_overlap} is needed). "
            + ("Check the scan's orientation and its brain mask." if config.register else "Switch registration on."),
        )
    if overlap < config.good_overlap:
        log.warnings.append(
            f"The brain overlaps the atlas by {overlap:.2f} only; look at the result before you use it."
        )
    how = "Registered to the atlas" if config.register else "Taken as registered to the atlas"
    log.end("register", f"{how}: brain overlap (Dice) {overlap:.3f}.")
    return transform


def _overlap(scan: Volume, brain_mask: np.ndarray, atlas: Atlas, transform: AffineTransform) -> float:
    """Dice of the scan's brain with the atlas's, on the atlas grid, at the levels that the scan covers."""
    voxel_map = np.linalg.inv(scan.affine) @ transform.matrix @ atlas.flair.affine
    brain = resample(brain_mask, voxel_map, atlas.flair.shape, order=0)
    both = np.count_nonzero(brain & atlas.brain_mask)
    return 2 * both / max(np.count_nonzero(brain) + np.count_nonzero(atlas.brain_mask), 1)


def load_atlas(path: Path) -> Atlas:
    """An atlas of the user's: a skull-stripped NIfTI image in SRI24's space, such as SRI24's own T2.

    The slab's levels are millimetres of that space. Where the image is not 0 is its brain.

    Raises:
        ScanError: the file is no image, or does not lie in SRI24's space.
    """
    flair = read_nifti(path)
    ours = template()
    brain = resample(flair.array > 0, np.linalg.inv(flair.affine) @ ours.flair.affine, ours.flair.shape, order=0)
    shared = np.count_nonzero(brain & ours.brain_mask)
    if 2 * shared < 0.8 * (np.count_nonzero(brain) + np.count_nonzero(ours.brain_mask)):
        raise ScanError(
            "atlas", "The atlas file is no skull-stripped brain in SRI24 space. Use SRI24 or an image on its grid."
        )
    return Atlas(flair, (flair.array > 0).astype(np.uint8))


def prepare_slice(picture: np.ndarray, level: int, denoise_iterations: int = 5) -> Prepared:
    """A single axial slice that is prepared but for its grey values: 1 mm, skull-stripped, row 0 anterior.

    It is laid with its middle on the middle of the template's brain at that level.

    Args:
        picture: (H, W), at most 256 x 256, 0 outside the brain.
        level: of the atlas.
    """
    height, width = picture.shape
    if height > SLICE_SHAPE[0] or width > SLICE_SHAPE[1]:
        raise ScanError("dims", f"A slice may have {SLICE_SHAPE[0]} x {SLICE_SHAPE[1]} pixels of 1 mm at most.")
    slab = Slab(level, 1)
    offset = np.round(_middle(template().brain_mask[level]) + 8 - _middle(picture > 0)).astype(int)
    frame = np.zeros(SLICE_SHAPE, np.float32)
    rows, columns = (np.arange(n) + o for n, o in zip(picture.shape, offset, strict=True))
    seen = np.ix_((rows >= 0) & (rows < SLICE_SHAPE[0]), (columns >= 0) & (columns < SLICE_SHAPE[1]))
    frame[np.ix_(*(axis[(axis >= 0) & (axis < 256)] for axis in (rows, columns)))] = picture[seen]
    shift = np.eye(4)
    shift[1:3, 3] = offset
    scan = Volume.from_canonical(picture[None].astype(np.float32), slab.affine @ shift)
    inside = frame[None] > 0
    array = normalise(denoise(frame[None], denoise_iterations), inside)
    config = PreprocessConfig(strip=False, register=False, denoise_iterations=denoise_iterations, slab=slab)
    return Prepared(scan, array, inside, AffineTransform.identity(), config)


def _middle(mask: np.ndarray) -> np.ndarray:
    """(2,) middle of the bounding box of a (H, W) mask."""
    if not mask.any():
        raise ScanError("constant", "The picture is black.")
    hits = (np.flatnonzero(np.any(mask, axis=axis)) for axis in (1, 0))
    return np.array([(int(hit[0]) + int(hit[-1])) / 2 for hit in hits])
