"""The stored values of the images: uncompressed ones by numpy, compressed ones by GDCM in a process of its own.

A decoder for JPEG and its kin is native code that meets whatever bytes a stranger sends. If it crashes or fills the
memory, only that process is lost. It gets the frames in files of neutral names with none of the header but what
describes the pixels, in a folder that only its owner may open and that is gone afterwards.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import DEVNULL

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.utils import pixel_array
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

from uad_core.io.dicom import decoder
from uad_core.io.dicom.headers import COMPRESSION, DAMAGED, Image
from uad_core.io.dicom.scaling import scaled
from uad_core.io.dicom.series import Stack
from uad_core.io.values import unwrapped
from uad_core.io.volume import ScanError, refused

DECODE_SECONDS = 120
EXACT_BITS = 24  # whole numbers that float32 holds
DESCRIPTION = (  # all that a decoder needs to know
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
)  # fmt: skip
UNSAID = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}  # of any grey image, whatever it says


def read_pixels(stack: Stack) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n, rows, columns) float32, the scaled slices of a stack in its order, and notes on what was done to them.

    Raises ScanError: compression, damaged.
    """
    shape, images = stack.first.image.shape, stack.images
    frames = {id(image): [member.index for member in stack.slices if member.image is image] for image in images}
    place = {(id(member.image), member.index): n for n, member in enumerate(stack.slices)}
    pixels = np.empty((len(stack.slices), *shape), np.float32 if stack.first.image.bits <= EXACT_BITS else np.float64)
    for image, stored in _frames_of(images):
        for index in frames[id(image)]:
            if index >= len(stored) or stored[index].shape != shape:
                raise ScanError("damaged", DAMAGED)
            pixels[place[id(image), index]] = stored[index]
    _check_signs(pixels, stack)
    pixels, notes = unwrapped(pixels, stack.first.image.bits)
    padded = _padded(pixels, images, stack)
    values = scaled(pixels, stack.frames)
    if stack.first.image.inverted:
        values = values[~padded].max(initial=-np.inf) - values
        notes += ("The series is stored with inverted greys (MONOCHROME1), and was turned round.",)
    if padded.any() and not padded.all():
        values[padded] = values[~padded].min()
    return values, notes


def _check_signs(pixels: np.ndarray, stack: Stack) -> None:
    """Raises ScanError (damaged) where some slices are signed and others not, and that makes a difference."""
    signed = np.array([member.image.signed for member in stack.slices])
    if signed.any() and not signed.all():
        half = 2.0 ** (stack.first.image.bits - 1)
        if pixels[signed].min() < 0 or pixels[~signed].max() >= half:
            raise ScanError("damaged", DAMAGED)


def _padded(pixels: np.ndarray, images: Sequence[Image], stack: Stack) -> np.ndarray:
    """Where stored values are those that the headers name as no tissue, (n, rows, columns) bool.

    They lie below all others or above them; a value amid those of tissue is none of them, whatever a header says.
    """
    padded = np.zeros(pixels.shape, bool)
    if any(image.padding for image in images):
        for n, member in enumerate(stack.slices):
            if padding := member.image.padding:
                low, high = padding
                if (pixels[n] >= low).all() or (pixels[n] <= high).all():
                    padded[n] = (pixels[n] >= low) & (pixels[n] <= high)
    return padded


def _frames_of(images: Sequence[Image]) -> Iterator[tuple[Image, np.ndarray | list[np.ndarray]]]:
    """Each image with its stored frames."""
    packed = [image for image in images if image.compressed]
    for image in images:
        if not image.compressed:
            yield image, _native(image)
    if packed:
        decoded = _decoded(packed)
        for image in packed:
            yield image, [next(decoded) for _ in image.frames]


def _native(image: Image) -> np.ndarray:
    with refused("damaged", DAMAGED):
        dataset = pydicom.dcmread(io.BytesIO(image.data))
        for keyword, value in UNSAID.items():
            setattr(dataset, keyword, value)
        kinds = (None,) if dataset.file_meta.TransferSyntaxUID.is_implicit_VR else ("OB", "OW")
        if dataset.get_item("PixelData").VR not in kinds:  # as it is written
            raise ScanError("damaged", DAMAGED)
        if dataset["PixelData"].is_undefined_length:
            raise ScanError("compression", COMPRESSION)
        _check_bits(dataset)
        pixels = pixel_array(dataset, raw=True)
    return pixels.reshape(-1, *pixels.shape[-2:])


def _check_bits(dataset: Dataset) -> None:
    """Raises ScanError (damaged) for bits above those that are said to make up a value: reading would cut them off.

    They may be an overlay, as the header then says, or the sign of a negative number.
    """
    stored, allocated = int(dataset.BitsStored), int(dataset.BitsAllocated)
    overlays = [dataset.get((group, 0x0102)) for group in range(0x6000, 0x6020, 2)]
    if stored >= allocated or allocated not in (8, 16, 32) or any(one is not None and one.value for one in overlays):
        return
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    words = np.frombuffer(dataset.PixelData[: len(dataset.PixelData) * 8 // allocated * allocated // 8],
                          f"{order}u{allocated // 8}")  # fmt: skip
    above, sign = words >> stored, words >> (stored - 1) & 1
    extended = np.where(sign == 1, (1 << (allocated - stored)) - 1, 0) if dataset.PixelRepresentation else 0
    if np.any((above != 0) & (above != extended)):
        raise ScanError("damaged", DAMAGED)


def _decoded(images: Sequence[Image]) -> Iterator[np.ndarray]:
    """The frames of compressed images of one shape, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder, count = Path(name), 0
        with refused("damaged", DAMAGED):
            for image in images:
                dataset = pydicom.dcmread(io.BytesIO(image.data))
                for frame in generate_frames(dataset.PixelData, number_of_frames=len(image.frames)):
                    count += 1
                    _bare(dataset, frame).save_as(folder / f"{count:04d}.dcm", enforce_file_format=True)
        command = [sys.executable, "-I", decoder.__file__, name, str(count)]
        with refused("compression", COMPRESSION, subprocess.SubprocessError):
            subprocess.run(command, stdout=DEVNULL, stderr=DEVNULL, timeout=DECODE_SECONDS, check=True)
        for number in range(1, count + 1):
            values = np.fromfile(folder / decoder.RESULT.format(number), np.float64)
            if values.size != np.prod(images[0].shape):
                raise ScanError("damaged", DAMAGED)
            yield values.reshape(images[0].shape)


def _bare(dataset: Dataset, frame: bytes) -> Dataset:
    """A file of one compressed frame that says nothing about whose it is."""
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    bare.SOPClassUID, bare.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    for keyword in DESCRIPTION:
        setattr(bare, keyword, UNSAID.get(keyword, dataset.get(keyword)))
    bare.add_new("PixelData", "OB", encapsulate([frame]))
    return bare
