"""What a DICOM file says about its image, as plain values; nothing behind this file reads a header.

So whatever pydicom thinks of a broken element becomes one `ScanError`, and no other text gets anywhere.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes, DeflatedExplicitVRLittleEndian

from uad_core.io.dicom.frames import Frame, read_frames
from uad_core.io.dicom.identifiers import KINDS, identifiers
from uad_core.io.volume import ScanError, refused

DAMAGED = "A DICOM file is damaged or incomplete. Copy or export the series again."
_UNREAD = "The images are compressed in a way that cannot be read here, or they are damaged."
COMPRESSION = f"{_UNREAD} Export the series uncompressed, or convert it to NIfTI with dcm2niix."
FLAIR_MS = (1500, 3500)  # inversion times that null CSF under T2 weighting; T1-weighted "FLAIR" has 700 to 1000


@dataclass(frozen=True, eq=False)
class Image:
    """One DICOM file."""

    data: bytes = field(repr=False)  # the file itself
    compressed: bool  # whether its pixels are
    modality: str
    series: str  # to tell images apart, as is `patient`
    patient: str = field(repr=False)
    flair: bool  # whether its texts or its inversion time say FLAIR
    grey: bool  # whether it holds shades of grey
    many: bool  # whether it holds more than one frame
    lossy: bool  # whether it was compressed with loss, at any time
    shape: tuple[int, int]  # rows and columns
    frames: tuple[Frame, ...]  # none where it does not say where they lie
    identifiers: Dataset = field(repr=False)  # for a DICOM SEG


def read_images(files: Sequence[bytes]) -> list[Image]:
    """The DICOM files that hold images, no reports and the like. Raises ScanError: damaged, compression."""
    images = []
    for data in files:
        # pydicom inflates such a file as a whole, however large that becomes. Nobody uses them for images.
        if DeflatedExplicitVRLittleEndian.encode() in data:
            raise ScanError("compression", COMPRESSION)
        with refused("damaged", DAMAGED):  # pydicom raises whatever its parsing ran into, and quotes values
            header = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
            if "Rows" in header and "Columns" in header:
                images.append(_image(data, header))
            elif header.file_meta.get("MediaStorageSOPClassUID", KINDS[0]) in KINDS:
                raise ScanError("damaged", DAMAGED)  # an image cut short, not a file of another kind
    return images


def _image(data: bytes, header: Dataset) -> Image:
    syntax = header.file_meta.TransferSyntaxUID
    if syntax not in AllTransferSyntaxes:  # a manufacturer's own
        raise ScanError("compression", COMPRESSION)
    count = int(header.get("NumberOfFrames") or 1)
    frames = read_frames(header, count)
    return Image(
        data=data,
        compressed=syntax.is_compressed,
        modality=str(header.get("Modality", "")),
        series=str(header.get("SeriesInstanceUID", "")),
        patient=str(header.get("PatientID", "")),
        flair=_says_flair(header),
        # MONOCHROME1, where a larger value is darker, is not used in MR
        grey=int(header.get("SamplesPerPixel", 1)) == 1 and header.get("PhotometricInterpretation") == "MONOCHROME2",
        many=count > 1,
        lossy=header.get("LossyImageCompression") == "01",
        shape=(int(header.Rows), int(header.Columns)),
        frames=frames,
        identifiers=identifiers(header, frames),
    )


def _says_flair(header: Dataset) -> bool:
    """By the inversion time where there is one, else by what the series and its protocol are called."""
    inversion_ms = header.get("InversionTime")
    if inversion_ms:
        return FLAIR_MS[0] <= float(inversion_ms) <= FLAIR_MS[1]
    text = f"{header.get('SeriesDescription', '')}{header.get('ProtocolName', '')}".lower()
    text = "".join(filter(str.isalnum, text))
    return ("flair" in text or "darkfluid" in text) and "t1" not in text
