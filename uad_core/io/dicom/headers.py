"""What a DICOM file says about its image, as plain values; nothing behind this file reads a header.

So whatever pydicom thinks of a broken element becomes one `ScanError`, and no other text gets anywhere.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from uad_core.io.dicom.frames import Frame, read_frames
from uad_core.io.dicom.identifiers import KINDS, identifiers
from uad_core.io.volume import ScanError, refused

DAMAGED = "A DICOM file is damaged or incomplete. Copy or export the series again."
_UNREAD = "The images are compressed in a way that cannot be read here, or they are damaged."
COMPRESSION = f"{_UNREAD} Export the series uncompressed, or convert it to NIfTI with dcm2niix."
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless)
GREYS = ("", "MONOCHROME1", "MONOCHROME2")
Private = tuple[int, str, int]  # group, creator, element within the block that the creator has taken
IMAGES: tuple[str | Private, ...] = ("ImagesInAcquisition", (0x0025, "GEMS_SERS_01", 0x07))
PLACES: tuple[str | Private, ...] = (
    "NumberOfSlices", (0x2001, "Philips Imaging DD 001", 0x18), (0x0021, "GEMS_RELA_01", 0x4F),
)  # fmt: skip
SIEMENS_PROTOCOLS: tuple[Private, ...] = ((0x0029, "SIEMENS CSA HEADER", 0x20), (0x0021, "SIEMENS MR SDS 01", 0x19))
SIEMENS_SLICES = re.compile(rb"sSliceArray\.lSize\s*=\s*(0x[0-9a-fA-F]{1,4}|\d{1,4})\b")
CATALOGUE = "DirectoryRecordSequence"  # of a DICOMDIR, which lists the files of a medium


@dataclass(frozen=True)
class Counts:
    """How much there should be, as a header says; 0 where it does not."""

    images: int  # in the series, or in the acquisition
    places: int  # of slices
    instances: int  # in the series, as an archive counts: all kinds of them
    files: int  # over which the frames of a concatenation are spread
    concatenation: str  # its identifier


@dataclass(frozen=True, eq=False)
class Image:
    """One DICOM file."""

    data: bytes = field(repr=False)  # the file itself
    compressed: bool  # whether its pixels are
    modality: str
    series: str  # to tell images apart, as are `study` and `patient`; empty where it is not said
    study: tuple[str, str]
    patient: tuple[str, str] = field(repr=False)
    series_number: int | None  # as scanner and viewers count
    number: int | None  # of the image in its series
    counts: Counts
    grey: bool  # whether it holds shades of grey
    inverted: bool  # whether larger values are darker
    many: bool  # whether it holds more than one frame
    lossy: bool  # whether it was compressed with loss, at any time
    bits: int  # that make up a stored value
    high_bit: int  # the number of the highest of them
    signed: bool  # whether stored values may be negative
    by_table: bool  # whether a table (Modality LUT), in place of a slope, says what a stored value means
    padding: tuple[int, int] | None  # stored values, from and to, that stand for no tissue
    shape: tuple[int, int]  # rows and columns
    frames: tuple[Frame, ...]  # none where it does not say where they lie
    broken: bool  # whether it tries to say so, in a way that cannot be read
    readable: bool  # whether the way in which its pixels are stored is known
    identifiers: Dataset = field(repr=False)  # for a DICOM SEG


def read_images(files: Iterable[bytes]) -> list[Image]:
    """The DICOM files that hold images, no reports and the like. Raises ScanError: damaged, compression."""
    images = []
    for data in files:
        with refused("damaged", DAMAGED):  # pydicom raises whatever its parsing ran into, and quotes values
            header = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
            if "Rows" in header and "Columns" in header:
                images.append(_image(data, header))
            elif CATALOGUE not in header and header.get("SOPClassUID", KINDS[0]) in KINDS:
                raise ScanError("damaged", DAMAGED)  # an image cut short, not a file of another kind
    return images


def pixel_data(image: Image) -> bytes:
    """The pixels as they are stored. Raises ScanError: damaged."""
    with refused("damaged", DAMAGED):
        return bytes(pydicom.dcmread(io.BytesIO(image.data)).PixelData)


def _image(data: bytes, header: Dataset) -> Image:
    syntax = header.file_meta.TransferSyntaxUID
    readable = syntax in AllTransferSyntaxes  # and not a manufacturer's own
    count = int(header.get("NumberOfFrames") or 1)
    frames: tuple[Frame, ...] = ()
    broken = False
    try:
        frames = read_frames(header, count)
    except Exception:  # whatever pydicom thinks of it; of a file beside the scan it does not matter
        broken = True
    interpretation = _text(header, "PhotometricInterpretation").upper()
    return Image(
        data=data,
        compressed=not readable or syntax.is_compressed,
        modality=_text(header, "Modality").upper() or ("MR" if header.get("SOPClassUID") in KINDS else ""),
        series=_text(header, "SeriesInstanceUID"),
        study=(_text(header, "StudyInstanceUID"), _text(header, "StudyDate")),
        patient=(_text(header, "PatientID"), _letters(_text(header, "PatientName"))),
        series_number=_integer(header.get("SeriesNumber")),
        number=_integer(header.get("InstanceNumber")),
        counts=_counts(header),
        grey=(_integer(header.get("SamplesPerPixel")) or 1) == 1 and interpretation in GREYS,
        inverted=interpretation == "MONOCHROME1",
        many=count > 1,
        lossy=header.get("LossyImageCompression") == "01" or syntax in LOSSY,
        bits=(bits := _integer(header.get("BitsStored")) or 16),
        high_bit=bits - 1 if (high := _integer(header.get("HighBit"))) is None else high,
        signed=bool(_integer(header.get("PixelRepresentation"))),
        by_table="ModalityLUTSequence" in header,
        padding=_padding(header),
        shape=(int(header.Rows), int(header.Columns)),
        frames=frames,
        broken=broken,
        readable=readable,
        identifiers=identifiers(header, frames) if frames else Dataset(),
    )


def _counts(header: Dataset) -> Counts:
    def most(elements: Iterable[str | Private], more: Iterable[int] = ()) -> int:
        return max([0, *more, *(_integer(_value(header, element)) or 0 for element in elements)])

    protocols = [_value(header, element) for element in SIEMENS_PROTOCOLS]
    texts = [one if isinstance(one, bytes) else str(one).encode("utf-8", "ignore") for one in protocols]
    slices = [int(found, 0) for text in texts for found in SIEMENS_SLICES.findall(text)]
    instances, files = most(["NumberOfSeriesRelatedInstances"]), most(["InConcatenationTotalNumber"])
    return Counts(most(IMAGES), most(PLACES, slices), instances, files, _text(header, "ConcatenationUID"))


def _value(header: Dataset, element: str | Private) -> Any:
    """The value of an element; None where it is missing, as where another creator has taken a private one's place."""
    if isinstance(element, str):
        return header.get(element)
    group, creator, number = element
    try:
        return header.private_block(group, creator)[number].value
    except KeyError:
        return None


def _padding(header: Dataset) -> tuple[int, int] | None:
    first = _integer(header.get("PixelPaddingValue"))
    last = _integer(header.get("PixelPaddingRangeLimit"))
    if first is None:
        return None
    return (min(first, first if last is None else last), max(first, first if last is None else last))


def _integer(value: Any) -> int | None:
    """A whole number; of anything else None, as no element that comes here is needed."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    return "" if value is None else str(value).strip(" \0")


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.upper()))
