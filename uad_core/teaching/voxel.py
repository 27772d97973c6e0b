"""Why one voxel is flagged, or is not: the arithmetic of the whole chain with its own numbers."""

from dataclasses import dataclass, replace
from typing import Literal

import cc3d
import numpy as np

from uad_core.pipeline.postprocess import Sign, segment_residual
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation, working_threshold

Verdict = Literal["outside", "levels", "rim", "median", "size", "flagged"]


@dataclass(frozen=True, eq=False)
class VoxelExplanation:
    """One voxel on its way through the chain; intensities are normalised, tissue lies at 0.5.

    Attributes:
        neighbours: (n, n, n) float32, the residuals in the window of the median, mirrored at the slab's borders.
        threshold: that the median must exceed.
        percentile: of the healthy voxels that lie below this voxel's median, [0, 100].
        component_voxels: of the connected region that it belongs to once the threshold is applied; 0 if to none.
        smallest_voxels: that a region must have to stay, 1 mm3 each.
        step: of the chain that decided: the first that it did not pass, or "flagged".
    """

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
    def verdict(self) -> str:
        """A sentence: flagged or not, and why."""
        counts = f"{self.above} of {self.neighbours.size} neighbours exceed the threshold, {self.needed} are needed"
        return {
            "outside": "Not flagged: it lies outside the brain mask.",
            "levels": "Not flagged: the model was not trained on this axial level.",
            "rim": "Not flagged: it lies on the rim that erosion takes off the brain mask.",
            "median": f"Not flagged: {counts} for their median to do so.",
            "size": f"Not flagged: the median exceeds the threshold, but in a region of {self.component_voxels} mm³ "
            f"only; {self.smallest_voxels:g} are needed.",
            "flagged": f"Flagged: {counts}, and the region measures {self.component_voxels} mm³.",
        }[self.step]


def explain(reconstruction: Reconstruction, config: DetectConfig, voxel: tuple[int, int, int]) -> VoxelExplanation:
    """One voxel on its way through the chain, computed apart from the fast one and equal to it in every verdict.

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
    threshold = working_threshold(reconstruction, config)
    values = reconstruction.weighted(post.signed, post.look)
    neighbours = values[np.ix_(*(_window(at, n, post.median_size) for at, n in zip(voxel, values.shape, strict=True)))]
    median, size = np.sort(neighbours, axis=None)[neighbours.size // 2], 0
    step: Verdict
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
        float(prepared.array[voxel]), float(reconstruction.array[voxel]), post.signed, neighbours, float(threshold),
        healthy.percentile(float(median)), size, post.min_lesion_mm3, step,
    )  # fmt: skip


def arithmetic(voxel: VoxelExplanation) -> str:
    r"""The residual and its comparison with the threshold in TeX, as on a blackboard: |0.82 - 0.31| = 0.51 > 0.35.

    Rounded numbers need not add up: 0.816 - 0.314 = 0.502 would read |0.82 - 0.31| = 0.50. So as many decimals are
    shown, two at least, as it takes for the printed numbers to be right among themselves.
    """
    exceeds = bool(np.float32(voxel.residual) > np.float32(voxel.threshold))
    for decimals in range(2, 7):
        numbers = [round(x, decimals) for x in (voxel.scan, voxel.reconstruction, voxel.residual, voxel.threshold)]
        scan, drawn, found, threshold = numbers
        difference = abs(scan - drawn) if voxel.signed == "absolute" else max(scan - drawn, 0.0)
        if adds_up := round(difference, decimals) == found and (found > threshold) == exceeds:
            break
    scan_text, drawn_text, found_text, threshold_text = (f"{number:.{decimals}f}" for number in numbers)
    left = f"{scan_text} - {f'({drawn_text})' if drawn < 0 else drawn_text}"
    left = rf"|\,{left}\,|" if voxel.signed == "absolute" else rf"\max({left},\ 0)"
    equals, relation = "=" if adds_up else r"\approx", ">" if exceeds else r"\leq"
    return f"{left} {equals} {found_text} {relation} {threshold_text}"


def default_voxel(reconstruction: Reconstruction, segmentation: Segmentation, signed: Sign) -> tuple[int, int, int]:
    """A voxel to begin with: the largest residual in the mask, or in the searched brain where that is empty."""
    where = segmentation.mask if segmentation.mask.any() else reconstruction.searched
    depth, row, column = np.unravel_index(np.where(where, reconstruction.residual(signed), -1).argmax(), where.shape)
    return int(depth), int(row), int(column)


def _window(at: int, length: int, size: int) -> np.ndarray:
    """(size,) indices around `at`, mirrored at both ends as scipy's `reflect` does."""
    return np.pad(np.arange(length), size // 2, mode="symmetric")[at : at + size]
