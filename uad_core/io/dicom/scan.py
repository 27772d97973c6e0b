"""A scan that came as DICOM: a volume that knows which images a DICOM SEG has to refer to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from uad_core.io.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True, eq=False)
class DicomScan(Volume):
    """A volume of a DICOM series."""

    # What is left of the headers: identifiers of patient, study, series and image, and where the image lies. One of
    # each slice, in the order of the source grid's last axis, or a single one of an image of many frames.
    sources: tuple[Dataset, ...] = field(default=(), repr=False)
    frames: tuple[int, ...] = ()  # the place of each slice in `sources`, or in the image of many frames
