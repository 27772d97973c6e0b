"""Small sound files to begin fuzzing from: scans in each format, and the records of the project."""

import gzip
import io
import json
import zipfile

import nibabel as nib
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from uad_core.atlas.space import PAPER_SLAB
from uad_core.detect.presets import Preset
from uad_core.io.paths import CHECKPOINTS
from uad_core.pipeline.segment import DetectConfig

SHAPE = 9, 10, 11


def nifti_seeds() -> list[bytes]:
    """Plain, gzipped, NIfTI-2, MGH and NRRD."""
    values = np.random.default_rng(0).integers(1, 900, SHAPE).astype(np.int16)
    turn = np.deg2rad(5)
    affine = np.diag([1, 1.2, 3, 1.0])
    affine[:2, :2] = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ affine[:2, :2]
    affine[:3, 3] = -5, 6, 7
    plain, second = nib.Nifti1Image(values, affine), nib.Nifti2Image(values, affine)
    for image in (plain, second):
        image.header.set_xyzt_units("mm")
        image.set_qform(affine, 1)
        image.set_sform(affine, 1)
    mgh = nib.MGHImage(values.astype(np.float32), affine).to_bytes()
    head = f"NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: {' '.join(map(str, SHAPE))}\n"
    head += "space directions: (1,0,0) (0,1.2,0) (0,0,3)\nendian: little\nencoding: raw\nspace origin: (-5,6,7)\n\n"
    nrrd = head.encode() + values.tobytes(order="F")
    return [plain.to_bytes(), gzip.compress(plain.to_bytes(), mtime=0), second.to_bytes(), mgh, nrrd]


def dicom_seeds() -> list[bytes]:
    """Eight slices as an archive that is not compressed, so that a changed byte reaches them; and one alone."""
    slices = [_slice(k) for k in range(8)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, data in enumerate(slices):
            archive.writestr(f"{number}", data)
    return [buffer.getvalue(), slices[0]]


def _slice(k: int) -> bytes:
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, generate_uid(entropy_srcs=[str(k)])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (generate_uid(entropy_srcs=[one]) for one in ("a", "b"))
    dataset.Modality, dataset.SeriesDescription, dataset.InstanceNumber = "MR", "FLAIR", k + 1
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 3 * k], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1.2], 3
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 9, 10, 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = np.random.default_rng(k).integers(1, 900, (9, 10)).astype(np.uint16).tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def checkpoint_seeds() -> list[bytes]:
    """The bundled descriptions, the shortest of them."""
    records = sorted((path.read_bytes() for path in CHECKPOINTS.glob("*.json")), key=len)
    return records[:2]


def preset_seeds() -> list[bytes]:
    """Two settings."""
    return [Preset("mine", "sae3", config).to_json().encode() for config in (DetectConfig(), DetectConfig(95.0, 0.1))]


def cohort_seeds() -> list[bytes]:
    """cohort.json, a zero byte, participants.tsv."""
    about = json.dumps({"name": "one", "simulated": False, "level": PAPER_SLAB.first}).encode()
    return [about + b"\0participant_id\tanatomy\nsub-1\tA\nsub-2\tB\n", about + b"\0"]
