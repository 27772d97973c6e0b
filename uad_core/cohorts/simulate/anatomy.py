"""A label map as soft tissue maps, and where it lies in the atlas."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.cohorts.simulate.label_map import LabelMap, reflection, septum
from uad_core.cohorts.simulate.tissues import Tissue, tissue_of
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import Volume
from uad_core.preprocess.registration import RegistrationTarget, register

SOFT_MAX = 255  # memberships are stored as uint8: a float map of every tissue would take 300 MB a head


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Soft tissue maps of one head."""

    name: str
    memberships: np.ndarray  # (K, D, H, W) uint8, K = len(Tissue); share of each voxel, 255 is all of it
    brain: np.ndarray  # (D, H, W) uint8, soft outline of what brain extraction leaves; 128 is the edge
    to_world: AffineTransform  # voxel -> world mm
    from_atlas: AffineTransform | None = None  # atlas voxel (d, h, w) -> voxel here; None before `located`

    @property
    def brain_mask(self) -> np.ndarray:
        return self.brain > SOFT_MAX // 2

    def mixture(self, values: np.ndarray) -> np.ndarray:
        """(D, H, W) float32: the mean of `values` (one a tissue), weighted by the memberships."""
        weights = np.asarray(values, dtype=np.float32) / SOFT_MAX
        return np.tensordot(weights, self.memberships, axes=1).astype(np.float32)

    def mirrored(self) -> "Anatomy":
        """This anatomy with left and right exchanged about the atlas' midplane; no tissue has a side."""
        if self.from_atlas is None:
            raise ValueError(f"anatomy {self.name} has not been located in the atlas")
        here, atlas = reflection(self.brain.shape[2]), reflection(ATLAS_SHAPE[2])
        return replace(
            self,
            memberships=self.memberships[:, :, :, ::-1],
            brain=self.brain[:, :, ::-1],
            to_world=self.to_world @ here,
            from_atlas=here @ self.from_atlas @ atlas,
        )

    def located(self, values: np.ndarray, fixed: Volume, fixed_mask: np.ndarray) -> "Anatomy":
        """This anatomy, registered: a clean image of `values` (one a tissue) to `fixed` in atlas world."""
        moving = Volume.from_canonical(self.mixture(values), self.to_world.matrix)
        found = register(moving, self.brain_mask, RegistrationTarget.of(fixed, fixed_mask))
        return replace(self, from_atlas=self.to_world.inverse @ found @ AffineTransform(ATLAS_AFFINE))


def soften(label_map: LabelMap, sigma_mm: float, margin_mm: float = 1.0) -> Anatomy:
    """Partial volume from hard labels: each tissue's indicator, smoothed. Sums to 1 in every voxel.

    The smoothing by `sigma_mm` takes the blocks off the labels and stands for the scanner's point spread; brain
    extraction leaves `margin_mm` of CSF around the tissue.
    """
    tissue = tissue_of(label_map.labels)
    cut = label_map.cropped(tissue > Tissue.CSF, margin=8)
    tissue = tissue_of(cut.labels)
    tissue[septum(cut.labels)] = Tissue.LIMBIC
    sigma = sigma_mm / cut.spacing_mm
    soft = np.empty((len(Tissue), *tissue.shape), np.uint8)
    for value in Tissue:
        share = ndimage.gaussian_filter((tissue == value).astype(np.float32), sigma, truncate=3)
        soft[value] = np.rint(SOFT_MAX * share)
    # rounding leaves sums of 252 to 258; the background's map takes the difference where it can
    total = soft.sum(axis=0, dtype=np.int32)
    largest = soft.argmax(axis=0)
    top = np.take_along_axis(soft, largest[None], axis=0)[0] + (SOFT_MAX - total)
    np.put_along_axis(soft, largest[None], top[None].astype(np.uint8), axis=0)
    outline = brain_outline(tissue, cut.spacing_mm, margin_mm)
    return Anatomy(cut.name, soft, outline, cut.to_world)


def brain_outline(
    tissue: np.ndarray, spacing_mm: np.ndarray, margin_mm: float, close_mm: float = 6.0, sigma_mm: float = 1.5
) -> np.ndarray:
    """(D, H, W) uint8: what brain extraction keeps, softly: tissue, its sulci, and a thin rim of CSF."""
    solid = tissue > Tissue.CSF
    parts, _ = ndimage.label(solid)
    solid = parts == np.bincount(parts.ravel())[1:].argmax() + 1  # stray labels lie in the neck
    grown = ndimage.distance_transform_edt(~solid, spacing_mm) <= close_mm
    closed = ndimage.distance_transform_edt(grown, spacing_mm) > close_mm - margin_mm
    closed |= solid
    for level in closed:  # a cistern with brain all around it is kept, although it is open further up or down
        level[:] = ndimage.binary_fill_holes(level)
    soft = ndimage.gaussian_filter(closed.astype(np.float32), sigma_mm / spacing_mm)
    return np.rint(SOFT_MAX * soft).astype(np.uint8)
