"""Other encodings of the same voxels: read where the kept decoder (GDCM in SimpleITK) can, else refused."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import SimpleITK as sitk
from PIL import Image
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.support.bad_dicom import big, deflated
from tests.support.dicom_files import enhanced, head, oblique, series, slice_dataset, to_bytes, zipped
from tests.support.input_case import NOTED, REFUSED, InputCase, same_scan
from tests.support.odd_dicom import COUNT, clean, dicom_case, each
from uad_core.io.read_scan import read_scan

DEFLATED = str(DeflatedExplicitVRLittleEndian)
SYNTAX = DEFLATED.encode()
SHORT, LONG = b"UI\x16\x00", b"UI\x18\x00" + SYNTAX + b" \0"
KIND = "DICOM: encodings"
PACKED = ["compressed in a way that cannot be read here", "dcm2niix"]


def put(**fields):
    """The series with elements changed behind pydicom's checks."""
    return lambda folder: series(**fields)


def by_table(folder):
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [1000, 0, 16], "US"
    table.LUTData = (np.arange(1000, dtype=np.uint16)[::-1]).tobytes()
    return series(ModalityLUTSequence=[table])


def one_signed(dataset, k):
    dataset.PixelRepresentation = int(k == 3)


def brighter():
    return series(head() + np.uint16(40_000))


def pydicom_packed(syntax, **fields):
    def change(dataset, k):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.compress(syntax)
        for name, value in fields.items():
            delattr(dataset, name) if value is None else setattr(dataset, name, value)

    return lambda folder: each(change)


def gdcm_packed(codec):
    """Compressed by GDCM, as archives do it."""

    @cache
    def packed(k, name):
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(name)
        writer.SetUseCompression(True)
        writer.SetCompressor(codec)
        writer.Execute(sitk.GetImageFromArray(np.ascontiguousarray(head()[:, :, k].T)))
        return dcmread(name)

    def make(folder):
        def change(dataset, k):
            one = packed(k, str(folder / f"{k}.dcm"))
            dataset.file_meta.TransferSyntaxUID = one.file_meta.TransferSyntaxUID
            dataset["PixelData"] = one["PixelData"]

        return each(change)

    return make


def lossy_jpeg_ls(folder):
    def change(dataset, k):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.compress(JPEGLSNearLossless, jls_error=3)

    volume = read_scan(each(change))
    assert np.abs(volume.array - clean().array).max() <= 3
    return [note for note in volume.notes if note not in clean().notes]


def lossy_jpeg(folder):
    smooth_slices = (smooth() / 5).astype(np.uint8)
    plain = read_scan(series(smooth_slices))

    def change(dataset, k):
        buffer = io.BytesIO()
        Image.fromarray(smooth_slices[:, :, k].T).save(buffer, "JPEG", quality=98)
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        dataset["PixelData"].VR = "OB"
        dataset.PixelData = encapsulate([buffer.getvalue()])

    volume = read_scan(each(change, series(smooth_slices)))
    assert np.abs(volume.array - plain.array).max() <= 8
    return [note for note in volume.notes if note not in plain.notes]


def labelled(syntax, content=b"no picture"):
    """Pixel data that claim to be compressed in this way."""

    def change(dataset, k):
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset["PixelData"].VR = "OB"
        dataset.PixelData = encapsulate([content])

    return lambda folder: each(change)


def rewritten(syntax):
    def make(folder):
        files = []
        for k in range(COUNT):
            dataset, buffer = slice_dataset(head(), oblique(), k), io.BytesIO()
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset["PixelData"].VR = "OW"
            if syntax == ExplicitVRBigEndian:
                dataset.PixelData = np.ascontiguousarray(head()[:, :, k].T).astype(">u2").tobytes()
            dcmwrite(buffer, dataset, enforce_file_format=True)
            files.append(buffer.getvalue())
        return files

    return make


def inverted(most, bits):
    pixels = (most - head().astype(int)).astype(np.uint16)
    return lambda folder: series(pixels, PhotometricInterpretation="MONOCHROME1", BitsStored=bits, HighBit=bits - 1)


def inverted_rle(folder):
    def change(dataset, k):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.compress(RLELossless)

    return each(change, inverted(4095, 12)(folder))


def rounded(folder):
    def change(dataset, k):
        dataset.ImageOrientationPatient = [round(float(x), 2) for x in dataset.ImageOrientationPatient]

    return each(change)


def read_nearly(make, mm):
    """A row whose voxels are the FLAIR's and lie where they did, but for `mm`."""

    def run(folder):
        volume = read_scan(make(folder))
        np.testing.assert_array_equal(volume.array, clean().array)
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in volume.shape])).reshape(3, -1)
        corners = np.vstack([corners, np.ones(corners.shape[1])])
        assert np.abs(volume.affine @ corners - clean().affine @ corners).max() < mm
        return [note for note in volume.notes if note not in clean().notes]

    return run


def scaled(slope, intercept):
    """Twice the values, less 5, as frames of one enhanced image, whatever the order of the frames."""

    def run(folder):
        volume = read_scan([enhanced(head(), oblique(), [3, 0, 7, 5, 1, 6, 2, 4])])
        np.testing.assert_array_equal(volume.array, clean().array * slope + intercept)
        return [note for note in volume.notes if note not in clean().notes]

    return run


def wide(folder, signed):
    """Values up to 60,000, which signed numbers do not hold."""
    pixels = smooth() * 60
    plain = read_scan(series(pixels.astype(np.uint16)))
    return same_scan(read_scan(series(pixels.astype(np.uint16), PixelRepresentation=signed)), plain)


def smooth():
    """A ball of 1000 in the middle, fading to 0, as tissue does beside air."""
    at = np.indices((24, 24, 12)) - np.array([12, 12, 6])[:, None, None, None]
    ripples = np.random.default_rng(0).integers(0, 9, (24, 24, 12))
    return (990 * np.clip(1.2 - np.linalg.norm(at * [[[[1]]], [[[1]]], [[[2]]]], axis=0) / 12, 0, 1)).astype(
        int
    ) + ripples


def padded(folder):
    """A margin of padding values that the header names."""
    voxels = head().astype(np.int16)
    voxels[0], voxels[:, 0] = 0, 0
    plain = read_scan(series(voxels))
    odd = voxels.copy()
    odd[0], odd[:, 0] = -2000, -2000
    return same_scan(read_scan(series(odd, PixelPaddingValue=-2000)), plain)


def enhanced_fields(**fields):
    def run(folder):
        volume = read_scan([enhanced(head(), oblique(), range(COUNT), **fields)])
        np.testing.assert_array_equal(volume.array, clean().array * 2 - 5)
        return [note for note in volume.notes if note not in clean().notes]

    return run


CASES = [
    dicom_case("implicit VR", rewritten(ImplicitVRLittleEndian)),
    dicom_case("big endian", rewritten(ExplicitVRBigEndian)),
    dicom_case("RLE", pydicom_packed(RLELossless)),
    dicom_case("JPEG-LS without loss", pydicom_packed(JPEGLSLossless)),
    InputCase("JPEG-LS nearly without loss", lossy_jpeg_ls, NOTED, ("compressed with loss",)),
    InputCase("JPEG with loss, of 8 bits", lossy_jpeg, NOTED, ("compressed with loss",)),
    dicom_case("JPEG without loss", gdcm_packed("JPEG")),
    dicom_case("JPEG 2000 without loss", gdcm_packed("JPEG2000")),
    dicom_case("RLE without a photometric interpretation", pydicom_packed(RLELossless, PhotometricInterpretation=None)),
    dicom_case("deflated", lambda folder: [deflated(data) for data in series()]),
    dicom_case("deflated, in a zip", lambda folder: zipped([deflated(data) for data in series()])),
    dicom_case("deflated a thousandfold", lambda folder: [deflated(big())] * 2, REFUSED, ["inflates far beyond"]),
    dicom_case("deflated a thousandfold, its syntax written with a blank",
               lambda folder: [deflated(big()).replace(SHORT + SYNTAX, LONG)] * 2, REFUSED, ["inflates far beyond"]),
    dicom_case("deflated and cut", lambda folder: [deflated(data)[:-30] for data in series()], REFUSED, ["damaged"]),
    dicom_case("the deflated syntax mentioned, not used", put(AvailableTransferSyntaxUID=DEFLATED)),
    dicom_case("the deflated syntax in a comment", put(ImageComments=f"was {DEFLATED}")),
    dicom_case("the JPIP syntax in a comment", put(ImageComments="from 1.2.840.10008.1.2.4.95")),
    dicom_case("JPEG 2000 that is damaged", labelled(JPEG2000Lossless, b"\xff\x4f\xff\x51 no"), REFUSED, PACKED),
    dicom_case("High-Throughput JPEG 2000", labelled(HTJ2KLossless), REFUSED, PACKED),
    dicom_case("a film", labelled(MPEG2MPML), REFUSED, PACKED),
    dicom_case("MONOCHROME1 of 12 bits", inverted(4095, 12), NOTED, ["inverted greys", "turned round"]),
    dicom_case("MONOCHROME1 of 12 bits in 16", inverted(4095, 16), NOTED, ["turned round"]),
    dicom_case("MONOCHROME1 of 16 bits", inverted(65535, 16), NOTED, ["turned round"]),
    dicom_case("MONOCHROME1 in RLE", inverted_rle, NOTED, ["turned round"]),
    dicom_case("no photometric interpretation", put(PhotometricInterpretation=None)),
    dicom_case("no number of samples", put(SamplesPerPixel=None)),
    dicom_case("colour", put(SamplesPerPixel=3, PhotometricInterpretation="RGB"), REFUSED, ["in colour"]),
    dicom_case("modality in lower case", put(Modality="mr ")),
    dicom_case("no modality, but an MR image's class", put(Modality=None)),
    dicom_case("a table in place of a slope", by_table, REFUSED, ["Modality LUT", "plain values"]),
    dicom_case("one slice signed, of values below half the range", lambda folder: each(one_signed)),
    dicom_case("one slice signed, of values above half the range", lambda folder: each(one_signed, brighter()),
               REFUSED, ["damaged"]),
    dicom_case("RescaleSlope 0", put(RescaleSlope="0", RescaleIntercept="0")),
    dicom_case("RescaleSlope 0 in one slice only", lambda folder: [
        *series(RescaleSlope="2")[:-1], series(RescaleSlope="0")[-1]], REFUSED, ["damaged"]),
    dicom_case("RescaleSlope that is no number", put(RescaleSlope="inf"), REFUSED, ["damaged"]),
    InputCase("directions rounded to two digits", read_nearly(rounded, 0.5), NOTED, ("rounded", "half a degree")),
    InputCase("values above half the range, labelled as signed", lambda folder: wide(folder, 1), NOTED, ("put right",)),
    InputCase("the same values labelled rightly", lambda folder: wide(folder, 0)),
    InputCase("a margin of PixelPaddingValue", padded),
    InputCase("an enhanced image, frames in any order, scaled", scaled(2, -5)),
    InputCase("an enhanced image of a lower-case modality", enhanced_fields(Modality="mr")),
    InputCase("an enhanced image without photometric interpretation", enhanced_fields(PhotometricInterpretation=None)),
    dicom_case("an enhanced image cut short", lambda folder: [enhanced(head(), oblique(), range(COUNT))[:-100]],
               REFUSED, ["damaged"]),
    dicom_case("frames that don't say where they lie", lambda folder: [to_bytes(
        slice_dataset(head(), oblique(), 0, NumberOfFrames=COUNT, PixelData=head().T.tobytes()))],
        REFUSED, ["don't say where they lie"]),
]  # fmt: skip
