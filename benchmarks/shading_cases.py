"""Shadings of several shapes, and bright lesions of several sizes, to be put into a head."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.atlas.space import PAPER_SLAB
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.pipeline.soft_lesion import VoxelGrid, soft_lesion
from uad_core.preprocess import Prepared
from uad_core.preprocess.slab import mask_to_slab, resample

LESION_ML = (0.1, 0.5, 2.0, 5.0, 20.0, 40.0, 100.0, 150.0)
CONTRAST = 0.35  # of the tissue that it lies in


@dataclass(frozen=True, eq=False)
class Head:
    """A head, prepared, and where its voxels lie."""

    prepared: Prepared
    brain: np.ndarray  # (D, H, W) bool on the scan's grid

    @property
    def axes_mm(self) -> list[np.ndarray]:
        """Distance from the middle of the brain's box along D, H, W, each of a shape that broadcasts."""
        where = np.argwhere(self.brain)
        middle = (where.min(axis=0) + where.max(axis=0)) / 2
        lines = [
            (np.arange(n) - m) * s
            for n, m, s in zip(self.brain.shape, middle, self.prepared.scan.spacing_mm, strict=True)
        ]
        return list(np.ix_(*lines))

    def from_atlas(self, array: np.ndarray) -> np.ndarray:
        """A float map on the template's grid, seen on the scan's."""
        scan, transform = self.prepared.scan, self.prepared.transform
        voxel_map = template().flair.to_world.inverse @ transform.inverse @ scan.to_world
        return resample(array.astype(np.float32), voxel_map, scan.shape, order=1)


def shadings(head: Head) -> Iterator[tuple[str, np.ndarray]]:
    """(name, (D, H, W) factor) of smooth shadings."""
    up, back, left = head.axes_mm
    whole = np.zeros(head.brain.shape, np.float32)
    for share in (0.15, 0.30):
        name = f"{100 * share:.0f} %"
        yield f"linear {name}", 1 + share * left / 90 + whole
        yield f"wave {name}", 1 + share * np.sin(2 * np.pi * left / 180 + 0.6) + whole
        across = np.sin(2 * np.pi * back / 180 + 0.3) * np.cos(np.pi * left / 180)
        yield f"wave in two directions {name}", 1 + share * across + whole
        yield f"bowl {name}", 1 + share * ((up**2 + back**2 + left**2) / 90**2 - 0.5)
        yield f"head to foot {name}", 1 + share * up / 60 + whole
    quarter = np.exp(-(((left - 40) / 35) ** 2 + ((back + 40) / 35) ** 2 + (up / 35) ** 2) / 2)
    yield "one quarter -60 %", (1 - 0.6 * quarter).astype(np.float32)


def lesions(head: Head, seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, (D, H, W) factor, (D, H, W) bool) of bright lesions in tissue, at levels of the paper's slab."""
    rng = np.random.default_rng(seed)
    scan = head.prepared.scan
    tissue = head.brain & (scan.array > 0.6 * np.median(scan.array[head.brain]))
    deep = ndimage.binary_erosion(mask_to_slab(head.brain, scan, head.prepared.transform, PAPER_SLAB), iterations=8)
    levels = np.argwhere(deep)
    levels = levels[(levels[:, 0] >= 4) & (levels[:, 0] < 16)]
    to_scan = scan.to_world.inverse @ head.prepared.transform @ PAPER_SLAB.to_world
    for ml in LESION_ML:
        centre = to_scan.apply(levels[rng.integers(len(levels))])
        share = np.zeros(scan.shape, np.float32)
        box, part = soft_lesion(VoxelGrid(scan.shape, scan.spacing_mm), centre, 1000 * ml, rng)
        share[box] = part
        yield f"{ml:g} ml", *_painted(share * tissue, CONTRAST)
    tissues = template().tissues
    white = tissues == TISSUE_CODES["white matter"]
    depth = ndimage.distance_transform_edt(tissues != TISSUE_CODES["ventricles"])
    for mm in (6, 12):
        rim = ndimage.gaussian_filter((white & (depth <= mm)).astype(np.float32), 1)
        yield f"confluent, {mm} mm around the ventricles", *_painted(head.from_atlas(rim) * head.brain, 0.4)
    lobe = np.zeros_like(white)
    lobe[60:125, :115, :112] = white[60:125, :115, :112]
    soft = ndimage.gaussian_filter(ndimage.binary_dilation(lobe, iterations=2).astype(np.float32), 1.5)
    yield "white matter of a frontal lobe", *_painted(head.from_atlas(soft) * head.brain, CONTRAST)


def _painted(share: np.ndarray, contrast: float) -> tuple[np.ndarray, np.ndarray]:
    return (1 + contrast * share).astype(np.float32), share > 0.5
