"""DICOM uploads that must be refused, made in code: name -> (code of the refusal, the files)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from tests.support.dicom_files import LPS, enhanced, head, oblique, series, slice_dataset, to_bytes, zipped
from tests.support.nifti_files import nifti

REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


def with_slice(k: int, **fields: Any) -> list[bytes]:
    """A series in which slice `k` is another than it should be."""
    files = series()
    files[k] = to_bytes(slice_dataset(head(), oblique(), k, **fields))
    return files


def at(k: float, sideways_mm: float = 0) -> list[str]:
    """The position of a slice `k`, perhaps between two others, or beside its place."""
    place = LPS @ oblique() @ (0, 0, k, 1)
    row = (LPS @ oblique())[:3, 0]
    return [f"{x:.6f}" for x in place[:3] + sideways_mm * row / np.linalg.norm(row)]


def moved(position: Callable[[int], list[str]]) -> list[bytes]:
    return [to_bytes(slice_dataset(head(), oblique(), k, ImagePositionPatient=position(k))) for k in range(8)]


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    assert len(old) == len(new)
    return data.replace(old, new)


def encrypted() -> bytes:
    """An archive whose entries say that they need a password."""
    data = bytearray(zipped(series()))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 4)
    return bytes(data)


def bomb() -> bytes:
    """20 MB of zeros that say they are DICOM, in 20 kB."""
    return zipped([bytes(128) + b"DICM" + bytes(20 * 1024**2)])


def lying_bomb() -> bytes:
    """The same, announced as 132 bytes."""
    data = bytes(128) + b"DICM" + bytes(20 * 1024**2)
    return zipped([data]).replace(struct.pack("<I", len(data)), struct.pack("<I", 132))


def many_members() -> bytes:
    return zipped({f"{n}": b"" for n in range(5001)}, zipfile.ZIP_STORED)


def deflated(plain: bytes) -> bytes:
    """A file with its dataset deflated."""
    dataset = dcmread(io.BytesIO(plain))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return to_bytes(dataset)


def big() -> bytes:
    """A file of 20 MB of zeros."""
    return to_bytes(slice_dataset(np.zeros((8, 8, 1), np.uint16), oblique(), 0, PixelData=bytes(20 * 1024**2)))


def garbage(syntax: str) -> list[bytes]:
    """Slices of a compressed series that hold no code stream."""
    datasets = [slice_dataset(head(), oblique(), k) for k in range(8)]
    for dataset in datasets:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset["PixelData"].VR = "OB"
        dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51 no picture"])
    return [to_bytes(dataset) for dataset in datasets]


def frames_without_place() -> list[bytes]:
    dataset = slice_dataset(head(), oblique(), 0, NumberOfFrames=8)
    dataset.PixelData = head().T.tobytes()
    return [to_bytes(dataset)]


def without_pixels() -> list[bytes]:
    return with_slice(4, PixelData=None)


def localizer() -> list[bytes]:
    files = series()
    sagittal = oblique()[:, [1, 2, 0, 3]]
    files[7] = to_bytes(slice_dataset(head(), sagittal, 7, PixelSpacing=["1.1", "0.9"]))
    return files


def two_patients() -> list[bytes]:
    return [*series()[:4], *series(PatientID="CANARY8")[4:]]


def two_series(description: str) -> list[bytes]:
    """Two of one size, of which both say the same about themselves."""
    second = series(head(seed=1), SeriesInstanceUID=generate_uid(), SeriesDescription=description)
    return [*series(SeriesDescription=description), *second]


def text_in_place_of_numbers() -> list[bytes]:
    return [changed(data, b"0.9945", b"CANARY") if b"0.9945" in data else data for data in series()]


BAD: dict[str, tuple[str, Callable[[], list[bytes]]]] = {
    # container
    "no file": ("empty", list),
    "an empty file": ("empty", lambda: [b""]),
    "empty files": ("empty", lambda: [b"", b""]),
    "half of an archive": ("bad_zip", lambda: [zipped(series())[:3000]]),
    "an archive with a wrong byte": ("bad_zip", lambda: [_flip(zipped(series()), 700)]),
    "an archive with a password": ("encrypted_zip", lambda: [encrypted()]),
    "an archive that inflates a thousandfold": ("zip_bomb", lambda: [bomb()]),
    "an archive that lies about its size": ("bad_zip", lambda: [lying_bomb()]),
    "an archive of too many members": ("too_big", lambda: [many_members()]),
    "a name that climbs out": ("bad_zip", lambda: [zipped({"../CANARY": series()[0]})]),
    "a name that climbs out on Windows": ("bad_zip", lambda: [zipped({"a\\..\\..\\CANARY": series()[0]})]),
    "a name from the root": ("bad_zip", lambda: [zipped({"/etc/CANARY": series()[0]})]),
    "a name with a drive": ("bad_zip", lambda: [zipped({"C:CANARY": series()[0]})]),
    "an archive packed with LZMA": ("bad_zip", lambda: [zipped(series(), zipfile.ZIP_LZMA)]),
    "too many files": ("too_big", lambda: [b"x"] * 5001),
    # what is in it
    "an archive of nothing": ("no_image", lambda: [zipped({})]),
    "an archive of text": ("no_image", lambda: [zipped({"readme.txt": b"CANARY"})]),
    "an archive in an archive": ("no_image", lambda: [zipped({"a.zip": zipped(series())})]),
    "a NIfTI file in an archive": ("no_image", lambda: [zipped({"a.nii": nifti()})]),
    "pictures": ("no_image", lambda: [b"\x89PNG" + bytes(200), b"\xff\xd8" + bytes(200)]),
    "a DICOM report": ("no_image", lambda: series(SOPClassUID=REPORT, Rows=None, Columns=None)),
    "a DICOM file cut in its header": ("damaged", lambda: [series()[0][:900], *series()[1:]]),
    "DICOM and nothing behind it": ("damaged", lambda: [bytes(128) + b"DICM"]),
    "DICOM and noise behind it": ("damaged", lambda: [bytes(128) + b"DICM" + bytes(range(256)) * 4]),
    "text where numbers are": ("damaged", text_in_place_of_numbers),
    "a deflated dataset that is damaged": ("damaged", lambda: [deflated(series()[0])[:-40]]),
    "a deflated dataset that inflates a thousandfold": ("zip_bomb", lambda: [deflated(big())]),
    "computed tomography": ("not_mr", lambda: series(Modality="CT")),
    "images of no modality": ("not_mr", lambda: series(Modality=None, SOPClassUID=REPORT)),
    "two patients": ("several_patients", two_patients),
    "two series that are no FLAIR": ("several_series", lambda: two_series("t1 CANARY")),
    "two FLAIR series of one size": ("several_series", lambda: two_series("FLAIR CANARY")),
    # geometry
    "one slice": ("dims", lambda: series()[:1]),
    "slices of several sizes": ("mixed_slices", lambda: [*series()[:7], series(head((12, 11, 8)))[7]]),
    "slices of 60000 rows": ("dims", lambda: series(Rows=60000)),
    "colour": ("colour", lambda: series(SamplesPerPixel=3, PhotometricInterpretation="RGB")),
    "frames that don't say where they lie": ("multi_frame", frames_without_place),
    "slices that don't say where they lie": ("bad_affine", lambda: series(ImagePositionPatient=None)),
    "slices of no orientation": ("damaged", lambda: series(ImageOrientationPatient=None)),
    "axes that are parallel": ("bad_affine", lambda: series(ImageOrientationPatient=["1", "0", "0", "1", "0", "0"])),
    "axes of length 0": ("bad_affine", lambda: series(ImageOrientationPatient=["0"] * 6)),
    "a slice across the others": ("mixed_slices", localizer),
    "slices 1000 km away": ("bad_affine", lambda: moved(lambda k: ["1e9", "0", f"{3 * k}"])),
    "voxels of 25 mm": ("bad_spacing", lambda: series(PixelSpacing=["25", "25"])),
    "voxels of no size": ("bad_spacing", lambda: series(PixelSpacing=["0", "1"])),
    "voxels of infinite size": ("damaged", lambda: series(PixelSpacing=["inf", "1"])),
    "voxels of several sizes": ("missing_slices", lambda: with_slice(2, PixelSpacing=["1", "1"])),
    "slices 30 mm apart": ("bad_spacing", lambda: series(affine=oblique((1, 1, 30)))),
    "all slices in one place": ("same_place", lambda: moved(lambda k: at(2))),
    "two echoes of each slice": ("same_place", lambda: [*series(), *series(head(seed=1))]),
    "a slice that was moved onto another": ("same_place", lambda: with_slice(3, ImagePositionPatient=at(2))),
    "a slice missing": ("missing_slices", lambda: series()[:3] + series()[4:]),
    "three slices missing": ("missing_slices", lambda: series(head((12, 10, 20)))[:5] + series(head((12, 10, 20)))[8:]),
    "a slice too high": ("uneven_slices", lambda: with_slice(3, ImagePositionPatient=at(3.3))),
    "a slice beside the others": ("uneven_slices", lambda: with_slice(3, ImagePositionPatient=at(3, 5))),
    "a tilted gantry": ("gantry_tilt", lambda: moved(lambda k: at(k, 0.6 * k))),
    # pixels
    "slices without pixels": ("damaged", without_pixels),
    "pixels cut short": ("damaged", lambda: [*series()[:7], series()[7][:-20]]),
    "compressed noise": ("compression", lambda: garbage(JPEG2000Lossless)),
    "a manufacturer's own encoding": ("compression", lambda: [_private(data) for data in series()]),
    "an enhanced image cut short": ("damaged", lambda: [enhanced(head(), oblique(), range(8))[:-100]]),
    "more frames than descriptions": ("damaged", lambda: [enhanced(head(), oblique(), range(8), NumberOfFrames=9)]),
    # values
    "all voxels equal": ("constant", lambda: series(np.full((12, 10, 8), 7, np.uint16))),
    "a mask": ("looks_like_mask", lambda: series((head() > 500).astype(np.uint16))),
    "a slope beyond float32": ("absurd_values", lambda: series(RescaleSlope="1e38")),
}


def _flip(data: bytes, position: int) -> bytes:
    changed_data = bytearray(data)
    changed_data[position] ^= 1
    return bytes(changed_data)


def _private(data: bytes) -> bytes:
    return changed(data, b"1.2.840.10008.1.2.1\0", b"1.2.840.113619.5.22\0"[:20])
