"""The atlas space: SRI24's 1 mm grid (Rohlfing et al., Hum Brain Mapp 31 (2010) 798), and slabs of it."""

from dataclasses import dataclass

import numpy as np

from uad_core.io.affine import AffineTransform

ATLAS_SHAPE = (155, 240, 240)  # D, H, W
ATLAS_AFFINE = np.array([[0, 0, -1, 0], [0, -1, 0, 239], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=float)
SLICE_SHAPE = (256, 256)  # H, W of every slice that a model sees: the atlas slice, padded evenly
Frame = tuple[slice, slice]  # rows and columns of a slice
BRAIN_FRAME: Frame = (slice(40, 232), slice(48, 208))  # 192 x 160: registered brains lie within, with 4 px to spare


@dataclass(frozen=True)
class Slab:
    """Consecutive axial levels of the atlas: `first` to `first + count - 1`."""

    first: int
    count: int

    def __post_init__(self) -> None:
        if not (self.first >= 0 and self.count >= 1 and self.first + self.count <= ATLAS_SHAPE[0]):
            raise ValueError(f"a slab must lie within levels 0 to {ATLAS_SHAPE[0] - 1}, got {self}")

    @property
    def levels(self) -> range:
        return range(self.first, self.first + self.count)

    @property
    def to_world(self) -> AffineTransform:
        """Slab voxel (d, h, w) of (count, 256, 256) -> atlas world mm."""
        return AffineTransform(ATLAS_AFFINE) @ AffineTransform.shift(*self.offset)

    @property
    def offset(self) -> tuple[int, int, int]:
        """Added to a slab voxel (d, h, w), it is a voxel of the atlas's own grid."""
        pad_h, pad_w = ((n - a) // 2 for n, a in zip(SLICE_SHAPE, ATLAS_SHAPE[1:], strict=True))
        return self.first, -pad_h, -pad_w

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) `to_world` as a bare matrix, for `Volume` and NIfTI."""
        return self.to_world.matrix

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.count, *SLICE_SHAPE)


PAPER_SLAB = Slab(first=70, count=20)  # "20 consecutive axial slices around the midline"
MNI_18_LEVEL = 87  # where MNI's z = +18 mm lies (registered; SRI24 is tilted by 14 degrees against MNI)
WHOLE_BRAIN = Slab(first=0, count=ATLAS_SHAPE[0])
SLABS = {"paper": PAPER_SLAB, "whole": WHOLE_BRAIN}  # by their names on the command line


def slab_name(slab: Slab) -> str:
    """The slab's name on the command line. Raises ValueError where it has none."""
    for name, named in SLABS.items():
        if named == slab:
            return name
    raise ValueError("The command line knows only the paper's axial levels and those of the whole brain.")
