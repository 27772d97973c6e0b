"""Label maps of heads, as FreeSurfer and SynthSeg make them: read and cut."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
from nibabel.spatialimages import SpatialImage

from uad_core.atlas.masks import bounding_box
from uad_core.cohorts.simulate.tissues import Tissue, simplified, tissue_of
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, SourceGrid, Volume


@dataclass(frozen=True, eq=False)
class LabelMap:
    """FreeSurfer-style labels of one head."""

    name: str
    labels: np.ndarray  # (D, H, W) int16, canonical axes
    to_world: AffineTransform  # canonical voxel -> world mm

    @property
    def spacing_mm(self) -> np.ndarray:
        return np.array(self.to_world.spacing)

    def cropped(self, keep: np.ndarray, margin: int) -> "LabelMap":
        """The smallest box around `keep`, (D, H, W) bool, and `margin` voxels."""
        box = bounding_box(keep, margin)
        moved = self.to_world @ AffineTransform.shift(*(side.start for side in box))
        return LabelMap(self.name, np.ascontiguousarray(self.labels[box]), moved)


def read_image(path: Path) -> Volume:
    """Any NIfTI or MGZ image, in any orientation; axes of length 1 are dropped."""
    image = cast(SpatialImage, nib.load(path))
    data = np.asanyarray(image.dataobj).squeeze()
    return Volume.from_source(data, SourceGrid(data.shape, image.affine))


def read_label_map(path: Path) -> LabelMap:
    """Any NIfTI or MGZ label map. Raises ScanError (`labels`) where it holds no FreeSurfer-style brain."""
    volume = read_image(path)
    labels = np.rint(volume.array).astype(np.int32)
    if labels.min() < 0 or np.abs(labels - volume.array).max() > 1e-3:
        raise ScanError("labels", "A label map holds whole numbers from 0 up, but this file holds others.")
    labels = simplified(labels)
    found = set(np.unique(tissue_of(labels)))
    if not {Tissue.CORTEX, Tissue.WHITE, Tissue.VENTRICLE} <= found:
        raise ScanError("labels", "No FreeSurfer-style brain was found: labels 2, 3, 4 and 41, 42, 43 are expected.")
    return LabelMap(Path(path).name.split(".")[0], labels, volume.to_world)


def septum(labels: np.ndarray) -> np.ndarray:
    """(D, H, W) bool: the thin membrane between the lateral ventricles, which the labels leave out."""
    left, right = labels == 4, labels == 43
    found = np.zeros(labels.shape, bool)
    found[..., 1:] = (left[..., 1:] & right[..., :-1]) | (right[..., 1:] & left[..., :-1])
    return found


def reflection(width: int) -> AffineTransform:
    """Voxel -> voxel: columns in reverse order."""
    matrix = np.diag([1.0, 1.0, -1.0, 1.0])
    matrix[2, 3] = width - 1
    return AffineTransform(matrix)
