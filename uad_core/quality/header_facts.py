"""What a scan's header says, in plain sentences."""

from dataclasses import dataclass

import nibabel as nib
import numpy as np

from uad_core.io.dicom.scan import DicomScan
from uad_core.io.volume import SourceGrid, Volume

PLANES = ("axial", "coronal", "sagittal")  # of slices stacked along D, H, W
THICK = 1.2  # a voxel so many times longer one way than any other way has a slice direction
TILT_DEGREES = 1.0  # less is not worth mentioning
_SPACES = (
    "scanner coordinates",
    "coordinates of another scan",
    "Talairach space",
    "MNI space",
    "the space of a template",
)
SPACES = dict(enumerate(_SPACES, start=1))  # by NIfTI's xform codes
TOWARDS = {"L": "left", "R": "right", "A": "front", "P": "back", "S": "crown", "I": "feet"}
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Fact:
    """One thing that the header or the voxels state."""

    name: str
    value: str


def facts(volume: Volume) -> tuple[Fact, ...]:
    """Grid, slices, sides and grey values of a scan as it was read. Sizes are mm."""
    extent_mm = tuple(size * spacing for size, spacing in zip(volume.shape, volume.spacing_mm, strict=True))
    return (
        Fact("Voxel size", _times(volume.spacing_mm, "{:.2f}") + " mm, left to right x front to back x foot to crown"),
        Fact("Voxels", _times(volume.shape, "{:d}") + ", which cover " + _times(extent_mm, "{:.0f}") + " mm"),
        Fact("Slices", _slices(volume)),
        Fact("Left and right", sides(volume)),
        Fact("Axes of the file", _axes(volume.source)),
        Fact("Grey values", _values(volume.array)),
    )


def slice_axis(volume: Volume) -> int | None:
    """The axis (0 D, 1 H, 2 W) along which slices were stacked; None where no voxel side is longer than the rest."""
    longest, second = sorted(range(3), key=lambda axis: -volume.spacing_mm[axis])[:2]
    return longest if volume.spacing_mm[longest] > THICK * volume.spacing_mm[second] else None


def tilt_degrees(volume: Volume) -> float:
    """The largest angle between an axis of the volume and the axis of the body that it is nearest to."""
    return float(np.degrees(nib.affines.obliquity(volume.affine)).max())


def sides(volume: Volume) -> str:
    """Where left is, and how that is known."""
    source = volume.source
    code, name = (source.sform_code, "sform") if source.sform_code else (source.qform_code, "qform")
    if not code:
        return "Orientation unknown: the header does not say where left is. It was guessed, and may be the wrong side"
    codes = nib.aff2axcodes(source.affine)
    axis = next(axis for axis, letter in enumerate(codes) if letter in "LR")
    dicom = "DICOM header (Image Orientation)"
    whence = dicom if isinstance(volume, DicomScan) else f"header's {name} ({SPACES[code]})"
    return f"The {whence} says that the {_ORDINALS[axis]} axis runs to the patient's {TOWARDS[codes[axis]]}"


def _slices(volume: Volume) -> str:
    axis = slice_axis(volume)
    if axis is None:
        text = "No side of a voxel is much longer than the others: a 3-D sequence, or resampled to look like one"
    else:
        text = f"{volume.shape[axis]} {PLANES[axis]} slices, {volume.spacing_mm[axis]:.2f} mm from one to the next"
    tilt = tilt_degrees(volume)
    return text if tilt < TILT_DEGREES else f"{text}; tilted by {tilt:.0f} degrees against the scanner's axes"


def _axes(source: SourceGrid) -> str:
    codes = nib.aff2axcodes(source.affine)
    ways = ", ".join(f"{size} to the {TOWARDS[letter]}" for size, letter in zip(source.shape, codes, strict=True))
    return f"{ways} ({''.join(codes)}); shown here with the patient's right on the left, as radiologists do"


def _values(array: np.ndarray) -> str:
    low, high = float(array.min()), float(array.max())
    if np.array_equal(array, np.rint(array)):
        bits = max(1, int(np.ceil(np.log2(high - low + 1))))
        return f"{low:.0f} to {high:.0f}, whole numbers ({bits} bits hold them)"
    return f"{low:.4g} to {high:.4g}, with fractions"


def _times(along_dhw: tuple[float, ...], form: str) -> str:
    """Values along D, H, W as people write them: W x H x D."""
    return " x ".join(form.format(value) for value in reversed(along_dhw))
