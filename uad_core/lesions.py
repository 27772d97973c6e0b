"""The regions of a mask: how large, where in the patient, how unusual."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from nibabel.affines import apply_affine

from uad_core.preprocess import Prepared


@dataclass(frozen=True)
class Lesion:
    """A connected component of a mask.

    `volume_mm3` and `centre_mm` are the patient's: the slab's millimetres are scaled and moved by the
    registration. `centre_mm` is in the scan's world, RAS+. `peak_residual` is not filtered.
    """

    number: int
    volume_mm3: float
    centre_mm: tuple[float, float, float]
    centre_voxel: tuple[int, int, int]  # (d, h, w) in the slab
    peak_residual: float


def lesions(mask: np.ndarray, values: np.ndarray, prepared: Prepared) -> tuple[Lesion, ...]:
    """The 26-connected components of a slab's mask, largest first."""
    voxels = np.nonzero(mask)
    if not voxels[0].size:
        return ()
    labels = cc3d.connected_components(mask, connectivity=26)[voxels]
    sizes = np.bincount(labels)[1:]
    centres = np.stack([np.bincount(labels, weights=axis)[1:] / sizes for axis in voxels], axis=1)
    peaks = np.zeros(len(sizes), np.float32)
    np.maximum.at(peaks, labels - 1, values[voxels])
    worlds = prepared.transform.to_scan(apply_affine(prepared.slab.affine, centres))
    scale = volume_scale(prepared)
    found = []
    for number, index in enumerate(np.argsort(-sizes, kind="stable"), start=1):
        x, y, z = (round(float(value), 2) for value in worlds[index])
        depth, row, column = (int(value) for value in np.rint(centres[index]))
        volume = float(sizes[index]) * scale
        found.append(Lesion(number, round(volume, 2), (x, y, z), (depth, row, column), float(peaks[index])))
    return tuple(found)


def volume_scale(prepared: Prepared) -> float:
    """The patient's mm3 per mm3 of the slab: registration makes every brain as large as the atlas's."""
    return float(abs(np.linalg.det(prepared.transform.matrix[:3, :3])))
