"""DICOM series made from plain arrays, with a patient whose name must never be seen again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

CANARY = "CANARY^PATIENT"
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # DICOM's world, seen from RAS and back
STUDY, SERIES, FRAME = (generate_uid(entropy_srcs=[name]) for name in ("study", "series", "frame"))


def head(shape: tuple[int, int, int] = (12, 10, 8), seed: int = 0) -> np.ndarray:
    """(i, j, k) uint16 noise of hundreds of distinct values, as in a scan."""
    return np.random.default_rng(seed).integers(0, 1000, shape).astype(np.uint16)


def oblique(spacing: tuple[float, float, float] = (0.9, 1.1, 3.0), degrees: float = 12) -> np.ndarray:
    """(4, 4) RAS affine of an axial slab as scanners tilt it: rows to the left, columns to posterior."""
    turn, nod = np.deg2rad(degrees), np.deg2rad(degrees / 2)
    about_x = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    about_z = np.array([[np.cos(nod), -np.sin(nod), 0], [np.sin(nod), np.cos(nod), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = LPS[:3, :3] @ about_x @ about_z @ np.diag(spacing)
    affine[:3, 3] = (61.5, 70.25, -33.125)
    return affine


def slice_dataset(pixels: np.ndarray, affine: np.ndarray, k: int, **fields: Any) -> FileDataset:
    """Slice `k` of the (i, j, k) `pixels` as an MR image; `fields` are set last and unchecked."""
    world = LPS @ affine
    spacing = np.linalg.norm(world[:3, :3], axis=0)
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(fields.get("SeriesInstanceUID", SERIES)), str(k)])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = STUDY, SERIES, FRAME
    dataset.Modality, dataset.SeriesDescription = "MR", f"t2 FLAIR {CANARY}"
    dataset.SeriesNumber, dataset.InstanceNumber = 3, k + 1
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = CANARY, "CANARY7", "", "O"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20200102", "120000", "1", "A1"
    dataset.ReferringPhysicianName, dataset.PatientComments, dataset.InstitutionName = "REF^CANARY", CANARY, CANARY
    dataset.ImagePositionPatient = [f"{x:.6f}" for x in (world @ (0, 0, k, 1))[:3]]
    dataset.ImageOrientationPatient = [f"{x:.9f}" for x in (world[:3, :2] / spacing[:2]).T.ravel()]
    dataset.PixelSpacing = [f"{spacing[1]:.6f}", f"{spacing[0]:.6f}"]  # between rows, between columns
    dataset.SliceThickness = f"{spacing[2]:.6f}"
    dataset.Rows, dataset.Columns = pixels.shape[1], pixels.shape[0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = np.ascontiguousarray(pixels[:, :, k].T).tobytes()
    put(dataset, fields)
    return dataset


def put(dataset: Dataset, fields: Mapping[str, Any]) -> None:
    """Set elements by keyword; None deletes one."""
    for keyword, value in fields.items():
        if value is None:
            if keyword in dataset:
                delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)


def to_bytes(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def series(pixels: np.ndarray | None = None, affine: np.ndarray | None = None, **fields: Any) -> list[bytes]:
    """The files of a series, in the order of the slices."""
    pixels, affine = head() if pixels is None else pixels, oblique() if affine is None else affine
    return [to_bytes(slice_dataset(pixels, affine, k, **fields)) for k in range(pixels.shape[2])]


def zipped(members: Mapping[str, bytes] | Iterable[bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of named members, or of files under names that tell nothing."""
    if not isinstance(members, Mapping):
        members = {f"study/serie 1/{number:03d}": data for number, data in enumerate(members)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def enhanced(pixels: np.ndarray, affine: np.ndarray, order: Iterable[int], **fields: Any) -> bytes:
    """All slices in one enhanced MR image, as frames in the given order."""
    order = list(order)
    slices = [slice_dataset(pixels, affine, k) for k in order]
    dataset = slice_dataset(pixels, affine, 0)
    dataset.SOPClassUID = EnhancedMRImageStorage
    put(dataset, dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")))
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = slices[0].PixelSpacing, slices[0].SliceThickness
    orientation.ImageOrientationPatient = slices[0].ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], []
    for single in slices:
        position, transformation, own = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = single.ImagePositionPatient
        transformation.RescaleSlope, transformation.RescaleIntercept = "2", "-5"
        own.PlanePositionSequence, own.PixelValueTransformationSequence = [position], [transformation]
        dataset.PerFrameFunctionalGroupsSequence.append(own)
    dataset.NumberOfFrames = len(order)
    dataset.PixelData = b"".join(single.PixelData for single in slices)
    put(dataset, fields)
    return to_bytes(dataset)


def through_itk(files: Iterable[bytes], folder: Path) -> sitk.Image:
    """The series as SimpleITK's own reader sees it."""
    for number, data in enumerate(files):
        (folder / f"{number:03d}").write_bytes(data)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def corners(shape: tuple[int, ...]) -> np.ndarray:
    """(8, 3) voxel indices of the corners of a grid."""
    return np.array(list(product(*[(0, n - 1) for n in shape])))
