"""How a slice was made, as its header says: what tells one scan's slices from another's, and a FLAIR from the rest.

Nothing here is needed to read a scan, so what is broken or missing is None or empty and never an error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydicom.dataset import Dataset

GE_COMPONENT = (0x0043, 0x102F)  # private: 0 magnitude, 1 phase, 2 real, 3 imaginary
GE_COMPONENTS = {1: "PHASE", 2: "REAL", 3: "IMAGINARY"}
MAY_BE_LOST = ("echo_ms", "inversion_ms", "flip_degrees", "body_part")
NO_AGENT = ("", "NO", "NONE", "N", "0")


@dataclass(frozen=True)
class Facts:
    """Texts are upper case, lower case where they are free text; times in ms. Equal for all slices of a scan."""

    kind: tuple[str, ...]  # the image type, as ORIGINAL, PRIMARY, M
    component: str  # of the complex image: MAGNITUDE, PHASE, ...; empty where it is not said
    texts: tuple[str, ...]  # what the series, its protocol and its sequence are called
    body_part: str
    agent: bool  # whether a contrast agent was given
    echo_ms: float | None
    inversion_ms: float | None
    repetition_ms: float | None
    flip_degrees: float | None
    b_value: float | None
    # what may differ within a scan as well
    acquisition: str
    echo: str
    temporal: str
    stack: str
    in_stack: str  # the slice's number in it, from 1
    acquired: str  # date and time
    frame_of_reference: str


def first_of(places: Sequence[Dataset], keyword: str, group: str = "") -> Any:
    """An element of a slice: where it stands in the functional group `group`, or plainly; None where it does not."""
    for place in places:
        item = place[group].value[0] if group and group in place and place[group].value else place
        if item.get(keyword) is not None:
            return item.get(keyword)
    return None


def read_facts(places: Sequence[Dataset]) -> Facts:
    """The facts of one slice. `places`: where an element may stand, those of one frame before those of all."""

    def text(keyword: str, group: str = "") -> str:
        value = first_of(places, keyword, group)
        return "" if value is None else " ".join(str(value).split())

    def number(keyword: str, group: str = "") -> float | None:
        return _number(first_of(places, keyword, group))

    image_type = first_of(places, "FrameType", "MRImageFrameTypeSequence") or first_of(places, "ImageType") or ()
    kind = (image_type,) if isinstance(image_type, str) else tuple(image_type)
    component = text("ComplexImageComponent", "MRImageFrameTypeSequence").upper()
    inversion = number("InversionTimes", "MRModifierSequence") or number("InversionTime")
    return Facts(
        kind=tuple(str(value).strip().upper() for value in kind),
        component=component or _ge_component(places[-1]),
        texts=tuple(text(name).lower() for name in ("SeriesDescription", "ProtocolName", "SequenceName")),
        body_part=(text("BodyPartExamined") or _region(places)).upper(),
        agent=text("ContrastBolusAgent").upper() not in NO_AGENT,
        echo_ms=number("EffectiveEchoTime", "MREchoSequence") or number("EchoTime"),
        inversion_ms=inversion or None,
        repetition_ms=number("RepetitionTime", "MRTimingAndRelatedParametersSequence"),
        flip_degrees=number("FlipAngle", "MRTimingAndRelatedParametersSequence"),
        b_value=number("DiffusionBValue", "MRDiffusionSequence"),
        acquisition=text("AcquisitionNumber"),
        echo=text("EchoNumbers"),
        temporal=text("TemporalPositionIdentifier") or text("TemporalPositionIndex", "FrameContentSequence"),
        stack=text("StackID", "FrameContentSequence"),
        in_stack=text("InStackPositionNumber", "FrameContentSequence"),
        acquired=text("AcquisitionDate") + text("AcquisitionTime"),
        frame_of_reference=text("FrameOfReferenceUID"),
    )


def with_what_was_lost(facts: Sequence[Facts]) -> list[Facts]:
    """Facts of the slices of one scan: what half of them say alike, and the rest does not say, all of them say.

    And a text that is another one in every slice, as where it has the slice's number, says nothing.
    """
    found = {name: _common([getattr(one, name) for one in facts]) for name in MAY_BE_LOST}
    columns = list(zip(*(one.texts for one in facts), strict=True))
    texts = [_common(column) for column in columns]
    counted = [len(set(column)) == len(facts) for column in columns]
    return [
        replace(
            one,
            texts=tuple("" if number else own or text or "" for own, text, number
                        in zip(one.texts, texts, counted, strict=True)),
            **{name: value for name, value in found.items() if value is not None and not getattr(one, name)},
        )
        for one in facts
    ]  # fmt: skip


def _common(values: Sequence[Any]) -> Any:
    """The one value that is there, in half of the places at least; else None."""
    said = [value for value in values if value not in (None, "")]
    return said[0] if len(set(said)) == 1 and 2 * len(said) >= len(values) else None


def _number(value: Any) -> float | None:
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _ge_component(header: Dataset) -> str:
    value = header.get(GE_COMPONENT)
    number = None if value is None else _number(value.value)
    return GE_COMPONENTS.get(int(number), "") if number is not None else ""


def _region(places: Sequence[Dataset]) -> str:
    """The anatomic region's name, where it stands as a code."""
    codes = first_of(places, "AnatomicRegionSequence", "FrameAnatomySequence")
    return str(codes[0].get("CodeMeaning", "")) if codes else ""
