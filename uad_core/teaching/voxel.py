"""Why one voxel is flagged, or is not: the arithmetic of the whole chain with its own numbers."""

from dataclasses import dataclass, replace
from typing import Literal

import cc3d
import numpy as np

from uad_core.pipeline.postprocess import Sign
from uad_core.pipeline.postprocess import segment as segment_residual
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation

Verdict = Literal["outside", "levels", "rim", "median", "size", "flagged"]


@dataclass(frozen=True, eq=False)
class VoxelExplanation:
    """One voxel on its way through the chain; intensities are normalised, tissue lies at 0.5.

    Attributes:
        voxel: (d, h, w) in the slab.
        scan: what was measured there.
        reconstruction: what the model draws there.
        signed: how a difference becomes a residual.
        neighbours: (n, n, n) float32, the residuals in the window of the median, mirrored at the slab's borders.
        threshold: that the median must exceed.
        percentile: of the healthy voxels that lie below this voxel's median, [0, 100].
        component_voxels: of the connected region that it belongs to once the threshold is applied; 0 if to none.
        smallest_voxels: that a region must have to stay, 1 mm3 each.
        step: of the chain that decided: the first that it did not pass, or "flagged".
    """

    voxel: tuple[int, int, int]
    scan: float
    reconstruction: float
    signed: Sign
    neighbours: np.ndarray
    threshold: float
    percentile: float
    component_voxels: int
    smallest_voxels: float
    step: Verdict

    @property
    def difference(self) -> float:
        """Scan less reconstruction: positive where the scan is too bright."""
        return self.scan - self.reconstruction

    @property
    def residual(self) -> float:
        """Of this voxel alone, not filtered."""
        return abs(self.difference) if self.signed == "absolute" else max(self.difference, 0.0)

    @property
    def ordered(self) -> np.ndarray:
        """(n**3,) float32, the neighbours' residuals, smallest first."""
        return np.sort(self.neighbours, axis=None)

    @property
    def median(self) -> float:
        return float(self.ordered[self.neighbours.size // 2])

    @property
    def above(self) -> int:
        """How many of the neighbours exceed the threshold."""
        return int(np.count_nonzero(self.neighbours > np.float32(self.threshold)))

    @property
    def needed(self) -> int:
        """How many must, so that the median does."""
        return self.neighbours.size // 2 + 1

    @property
    def flagged(self) -> bool:
        return self.step == "flagged"

    @property
    def verdict(self) -> str:
        """A sentence: flagged or not, and why."""
        count = self.neighbours.size
        reasons = {
            "outside": "Not flagged: it lies outside the brain mask.",
            "levels": "Not flagged: the model was not trained on this axial level.",
            "rim": "Not flagged: it lies on the rim that erosion takes off the brain mask.",
            "median": f"Not flagged: {self.above} of {count} neighbours exceed the threshold, "
            f"{self.needed} are needed for their median to do so.",
            "size": f"Not flagged: the median exceeds the threshold, but in a region of {self.component_voxels} mm³ "
            f"only; {self.smallest_voxels:g} are needed.",
            "flagged": f"Flagged: {self.above} of {count} neighbours exceed the threshold, {self.needed} are needed, "
            f"and the region measures {self.component_voxels} mm³.",
        }
        return reasons[self.step]


def explain(reconstruction: Reconstruction, config: DetectConfig, voxel: tuple[int, int, int]) -> VoxelExplanation:
    """The story of one voxel, told apart from the fast chain, and equal to it in every verdict.

    Args:
        voxel: (d, h, w) in the slab.

    Raises:
        IndexError: the voxel lies outside the slab.
        ValueError: as `pipeline.segment`.
    """
    post, prepared = config.postprocess, reconstruction.prepared
    if not all(0 <= at < length for at, length in zip(voxel, prepared.array.shape, strict=True)):
        raise IndexError(f"voxel {voxel} lies outside the slab of shape {prepared.array.shape}")
    healthy = reconstruction.checkpoint.calibration.histogram(post.signed, post.median_size, config.reference)
    threshold = healthy.threshold(config.percentile) if config.threshold is None else config.threshold
    values = reconstruction.residual(post.signed)
    neighbours = values[np.ix_(*(_window(at, n, post.median_size) for at, n in zip(voxel, values.shape, strict=True)))]
    median = np.sort(neighbours, axis=None)[neighbours.size // 2]
    size = 0
    step: Verdict = "flagged"
    if not prepared.brain_mask[voxel]:
        step = "outside"
    elif not reconstruction.searched[voxel]:
        step = "levels"
    elif not reconstruction.inside(post.erosion_mm)[voxel]:
        step = "rim"
    elif not median > np.float32(threshold):
        step = "median"
    else:
        candidates = segment_residual(values, reconstruction.searched, threshold, replace(post, min_lesion_mm3=0))
        labels = cc3d.connected_components(candidates, connectivity=26)
        size = int(np.count_nonzero(labels == labels[voxel]))
        step = "flagged" if size >= post.min_lesion_mm3 - 1e-9 else "size"
    return VoxelExplanation(
        voxel=voxel,
        scan=float(prepared.array[voxel]),
        reconstruction=float(reconstruction.array[voxel]),
        signed=post.signed,
        neighbours=neighbours,
        threshold=float(threshold),
        percentile=healthy.percentile(float(median)),
        component_voxels=size,
        smallest_voxels=post.min_lesion_mm3,
        step=step,
    )


def default_voxel(reconstruction: Reconstruction, segmentation: Segmentation, signed: Sign) -> tuple[int, int, int]:
    """A voxel to begin with: the largest residual in the mask, or in the searched brain where that is empty."""
    where = segmentation.mask if segmentation.mask.any() else reconstruction.searched
    depth, row, column = np.unravel_index(
        int(np.argmax(np.where(where, reconstruction.residual(signed), -1))), where.shape
    )
    return int(depth), int(row), int(column)


def _window(at: int, length: int, size: int) -> np.ndarray:
    """(size,) indices around `at`, mirrored at both ends as scipy's `reflect` does."""
    indices: np.ndarray = np.pad(np.arange(length), size // 2, mode="symmetric")[at : at + size]
    return indices
