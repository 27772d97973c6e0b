"""A head drawn with ellipsoids and noise, in FreeSurfer's labels: no anatomy, but for tests, and for a first try."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uad_core.cohorts.simulate.label_map import LabelMap
from uad_core.io.affine import AffineTransform

RIGHT_OF = {2: 41, 3: 42, 4: 43, 7: 46, 8: 47, 10: 49, 11: 50, 12: 51, 13: 52, 17: 53, 18: 54, 28: 60, 136: 163}

# (label, centre x, y, z in mm from the middle of the brain, semi-axes in mm); x is outward, both sides are drawn
STRUCTURES: tuple[tuple[int, tuple[float, float, float], tuple[float, float, float]], ...] = (
    (4, (9, 12, 10), (5, 30, 8)),  # body of the lateral ventricle
    (4, (22, -30, 4), (6, 16, 9)),  # its atrium
    (136, (21, -30, 3), (2, 8, 4)),  # choroid plexus
    (11, (14, 20, 8), (5, 13, 9)),  # caudate
    (10, (11, -10, 2), (9, 15, 9)),  # thalamus
    (28, (9, -8, -9), (7, 9, 5)),  # ventral diencephalon
    (13, (18, 4, -2), (5, 10, 6)),  # pallidum
    (12, (26, 6, -1), (5, 16, 9)),  # putamen
    (17, (27, -18, -18), (6, 18, 6)),  # hippocampus
    (18, (23, 4, -20), (7, 7, 6)),  # amygdala
)


@dataclass(frozen=True)
class PhantomConfig:
    """The size of the phantom's head. Lengths in mm."""

    spacing_mm: float = 1.0
    brain: tuple[float, float, float] = (66.0, 84.0, 56.0)  # semi-axes of the cerebrum: x, y, z
    variation: float = 0.04  # sd of the semi-axes from one phantom to the next, as a share
    cortex_mm: float = 3.0
    fold_mm: float = 4.5  # smoothness of the noise whose zero is the sulci
    fold_depth_mm: float = 16.0
    margin_mm: float = 28.0  # from the brain to the edge of the volume: CSF, skull, scalp, air


def phantom(seed: int, config: PhantomConfig = PhantomConfig()) -> LabelMap:
    """A label map of a whole head; each seed has folds and sizes of its own."""
    rng = np.random.default_rng(seed)
    semi = np.array(config.brain) * (1 + config.variation * rng.standard_normal(3))
    lower_mm = 40.0  # of cerebellum and brain stem, below the cerebrum
    reach = semi + config.margin_mm
    x, y, z = (
        np.arange(-r - (lower_mm if axis == 2 else 0), r + config.spacing_mm, config.spacing_mm)
        for axis, r in enumerate(reach)
    )
    # canonical: D along z, H towards posterior, W towards the patient's left
    grid_z, grid_y, grid_x = np.meshgrid(z, y[::-1], x[::-1], indexing="ij")

    def depth(centre: tuple[float, ...], axes: np.ndarray) -> np.ndarray:
        """Millimetres inside an ellipsoid, roughly; negative outside."""
        pieces = [(g - c) / a for g, c, a in zip((grid_x, grid_y, grid_z), centre, axes, strict=True)]
        return (1 - np.sqrt(sum(p * p for p in pieces))) * float(np.min(axes))

    cerebrum, skull = depth((0, 0, 0), semi), depth((0, -4, -8), semi + np.array([6, 8, 14]))
    labels = np.zeros(cerebrum.shape, np.int16)
    for label, bound in ((511, -17.0), (507, -14.0), (515, -7.0), (24, 0.0)):
        labels[skull > bound] = label
    labels[cerebrum > 0] = 2
    noise = ndimage.gaussian_filter(rng.standard_normal(cerebrum.shape), config.fold_mm / config.spacing_mm)
    width_mm = 1.1  # half the width of a sulcus; the noise rises by about its sd in fold_mm
    sulci = (np.abs(noise) / noise.std() < width_mm / config.fold_mm) & (cerebrum < config.fold_depth_mm)
    sulci |= (np.abs(grid_x) < 1.2) & (cerebrum < 20) & (grid_z > -10)
    to_sulcus = ndimage.distance_transform_edt(~sulci, config.spacing_mm)
    labels[(cerebrum > 0) & ((cerebrum < config.cortex_mm) | (to_sulcus < config.cortex_mm))] = 3
    labels[(cerebrum > 0) & sulci] = 24
    cerebellum = depth((0, -48, -46), np.array([48.0, 28.0, 24.0]))
    labels[(cerebellum > 0) & (cerebrum <= 1)] = 8
    labels[(cerebellum > 10) & (cerebrum <= 1)] = 7
    labels[depth((0, -20, -52), np.array([13.0, 13.0, 42.0])) > 0] = 16
    for label, (out, ahead, up), axes in STRUCTURES:
        for side in (-1, 1):
            labels[depth((side * out, ahead, up), np.array(axes, dtype=float)) > 0] = label
    labels[depth((0, -8, 0), np.array([2.0, 12.0, 8.0])) > 0] = 14
    labels[depth((0, -34, -44), np.array([6.0, 4.0, 8.0])) > 0] = 15
    for left, right in RIGHT_OF.items():
        labels[(labels == left) & (grid_x > 0)] = right

    affine = np.zeros((4, 4))
    affine[[2, 1, 0, 3], [0, 1, 2, 3]] = (config.spacing_mm, -config.spacing_mm, -config.spacing_mm, 1)
    affine[:3, 3] = (x[-1], y[-1], z[0])
    return LabelMap(f"phantom{seed:02d}", labels, AffineTransform(affine))
