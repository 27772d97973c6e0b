"""Where each slice of a DICOM image lies, what its stored values mean, and how it was made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from uad_core.io.dicom.facts import Facts, first_of, read_facts


@dataclass(frozen=True)
class Frame:
    """One slice. Its place is in DICOM's world: millimetres, x to the patient's left, y to posterior, z up."""

    position: tuple[float, ...]  # (3,) of the centre of the first voxel
    orientation: tuple[float, ...]  # (6,) unit vectors in which the column number grows, and the row number
    spacing: tuple[float, ...]  # (2,) mm from row to row and from column to column
    thickness: float  # mm of tissue that it shows; 0 where the header does not say
    between: float  # mm from slice to slice, as the header has it, or mm of the gap; 0 where it does not say
    slope: float
    intercept: float  # value = slope * stored + intercept
    scaled: bool  # whether a header says so; 1 and 0 where none does
    facts: Facts = field(repr=False)


def read_frames(header: Dataset, count: int) -> tuple[Frame, ...]:
    """The frames of an image of `count`; none if it does not say where they lie. Raises anything if one is broken."""
    groups = header.get("PerFrameFunctionalGroupsSequence")
    if groups:
        if len(groups) != count:
            raise ValueError("frames and their descriptions differ in number")
        shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
        return tuple(_frame([group, shared[0], header]) for group in groups)
    return (_frame([header]),) if count == 1 and "ImagePositionPatient" in header else ()


def _frame(places: Sequence[Dataset]) -> Frame:
    """`places` are where an element may stand, those of one frame before those of all."""

    def find(keyword: str, group: str, default: Any = None) -> Any:
        value = first_of(places, keyword, group)
        return default if value is None else value

    def about(keyword: str) -> float:
        """Millimetres that no place depends on: 0 where they are not said, or not as a number."""
        try:
            return abs(_numbers([find(keyword, "PixelMeasuresSequence") or 0], 1)[0])
        except (TypeError, ValueError):
            return 0.0

    stated = find("RescaleSlope", "PixelValueTransformationSequence")
    slope = _numbers([1 if stated is None else stated], 1)[0]
    intercept = _numbers([find("RescaleIntercept", "PixelValueTransformationSequence", 0)], 1)[0]
    return Frame(
        position=_numbers(find("ImagePositionPatient", "PlanePositionSequence"), 3),
        orientation=_numbers(find("ImageOrientationPatient", "PlaneOrientationSequence"), 6),
        spacing=_numbers(find("PixelSpacing", "PixelMeasuresSequence"), 2),
        thickness=about("SliceThickness"),
        between=about("SpacingBetweenSlices"),
        slope=slope,
        intercept=intercept,
        scaled=stated is not None,
        facts=read_facts(places),
    )


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError("not as many finite numbers as there must be")
    return numbers
