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
from uad_core.io.volume import ScanError, refused

DECODE_SECONDS = 120
DESCRIPTION = (  # all that a decoder needs to know
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
)  # fmt: skip


def stored_values(images: Sequence[Image]) -> np.ndarray:
    """(n, rows, columns) float32: the scaled frames of all images in turn. Raises ScanError: compression, damaged."""
    shape = images[0].shape
    values = np.empty((sum(len(image.frames) for image in images), *shape), np.float32)
    stored = _decoded(images) if any(image.compressed for image in images) else _native(images)
    frames = [frame for image in images for frame in image.frames]
    for number, (frame, pixels) in enumerate(zip(frames, stored, strict=True)):
        if pixels.shape != shape:
            raise ScanError("damaged", DAMAGED)
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are refused behind this
            values[number] = pixels.astype(np.float64) * frame.slope + frame.intercept
    return values


def _native(images: Sequence[Image]) -> Iterator[np.ndarray]:
    for image in images:
        with refused("damaged", DAMAGED):
            pixels = pixel_array(pydicom.dcmread(io.BytesIO(image.data)), raw=True)
        yield from pixels.reshape(-1, *pixels.shape[-2:])


def _decoded(images: Sequence[Image]) -> Iterator[np.ndarray]:
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
        setattr(bare, keyword, dataset[keyword].value)
    bare.add_new("PixelData", "OB", encapsulate([frame]))
    return bare
