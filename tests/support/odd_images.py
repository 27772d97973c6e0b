"""Odd files of one invented scan, and odd masks of one invented lesion, as the rows of docs/INPUTS.md try them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np

from tests.support.input_case import READ, InputCase, Right, same_scan
from tests.support.nifti_files import gz, nifti
from uad_core.io.nifti import read_lesions, read_mask
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.io.volume import Volume

SHAPE = (24, 22, 20)
AFFINE = np.array([[-1.0, 0, 0, 12], [0, 1.1, 0, -9], [0, 0, 2.0, -20], [0, 0, 0, 1]])


@cache
def voxels() -> np.ndarray:
    """(i, j, k) int16: a ball of tissue in black air."""
    noise = np.random.default_rng(3).integers(1, 400, SHAPE)
    return np.where(ball(9), 400 + noise, 0).astype(np.int16)


def ball(radius: float, at: tuple[int, ...] = (12, 11, 10)) -> np.ndarray:
    """(i, j, k) bool."""
    return distance(at) <= radius


def distance(at: tuple[int, ...] = (12, 11, 10)) -> np.ndarray:
    return np.linalg.norm(np.indices(SHAPE) - np.array(at)[:, None, None, None], axis=0)


def file(data: np.ndarray | None = None, sform: np.ndarray | None = None, **fields: object) -> bytes:
    """The scan as .nii.gz, with header fields changed."""
    return gz(nifti(voxels() if data is None else data, AFFINE if sform is None else sform, **fields))


@cache
def clean() -> Volume:
    return read_scan(file())


def qform_of(affine: np.ndarray = AFFINE) -> dict[str, object]:
    """Header fields of a good qform."""
    header = nib.Nifti1Header()
    header.set_qform(affine, 1)
    names = ("qform_code", *(f"quatern_{axis}" for axis in "bcd"), *(f"qoffset_{axis}" for axis in "xyz"), "pixdim")
    return {name: header[name] for name in names}


def image_case(
    tried: str, make: Callable[[Path], ScanSource], right: Right = READ, words: Iterable[str] = ()
) -> InputCase:
    """A row whose input has to be read as the scan of `file()`."""
    return InputCase(tried, lambda folder: same_scan(read_scan(make(folder)), clean()), right, tuple(words))


LESION = ball(3)


def mask_case(
    tried: str, values: np.ndarray, right: Right = READ, words: Iterable[str] = (), **odd: object
) -> InputCase:
    """A row whose lesion mask has to be `LESION`, with `odd["ignored"]` left aside, or `odd["marked"]` instead."""

    def run(folder: Path) -> tuple[str, ...]:
        found = read_lesions(file(values), clean())
        np.testing.assert_array_equal(clean().to_source(found.inside), odd.get("marked", LESION))
        np.testing.assert_array_equal(clean().to_source(found.ignored), odd.get("ignored", np.zeros(SHAPE, bool)))
        return found.notes

    return InputCase(tried, run, right, tuple(words))


def brain_case(tried: str, values: np.ndarray, right: Right = READ, words: Iterable[str] = ()) -> InputCase:
    """A row whose brain mask has to be the ball of tissue."""

    def run(folder: Path) -> tuple[str, ...]:
        np.testing.assert_array_equal(clean().to_source(read_mask(file(values), clean())), ball(9))
        return ()

    return InputCase(tried, run, right, tuple(words))


def tarred(members: Mapping[str, bytes], gzipped: bool = True, **fields: object) -> bytes:
    """A tar archive; `fields` are set on every member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))
    return gz(buffer.getvalue()) if gzipped else buffer.getvalue()


def mgh(data: np.ndarray | None = None, **fields: object) -> bytes:
    """The scan as FreeSurfer's MGH, written by nibabel, with header fields changed."""
    buffer, stored = io.BytesIO(), voxels() if data is None else data
    image = nib.MGHImage(stored, AFFINE)
    image.file_map["image"].fileobj = buffer
    image.to_file_map()
    header = np.frombuffer(buffer.getvalue(), nib.freesurfer.mghformat.header_dtype, 1).copy()
    for name, value in fields.items():
        header[name] = value
    return header.tobytes() + buffer.getvalue()[header.itemsize :]


def saved_by_itk(folder: Path, name: str, compressed: bool) -> Path:
    """The scan as SimpleITK writes it."""
    import SimpleITK as sitk

    (folder / "scan.nii.gz").write_bytes(file())
    sitk.WriteImage(sitk.ReadImage(str(folder / "scan.nii.gz")), str(folder / name), compressed)
    return folder / name
