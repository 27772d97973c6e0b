"""NIfTI files made from plain arrays and header fields, and one volume in any of the 48 axis orders and flips."""

from __future__ import annotations

import gzip
from itertools import permutations, product
from typing import Any

import nibabel as nib
import numpy as np

CANARY = b"CANARY^PATIENT"
ORIENTATIONS = [(order, flips) for order in permutations(range(3)) for flips in product((False, True), repeat=3)]


def image(shape: tuple[int, ...] = (9, 10, 11), dtype: Any = np.int16, seed: int = 0) -> np.ndarray:
    """Noise of several hundred distinct values, as in a scan; 8-bit types hold what they can."""
    return np.random.default_rng(seed).integers(1, 120 if np.dtype(dtype).itemsize == 1 else 900, shape).astype(dtype)


def affine(spacing: tuple[float, float, float] = (1.0, 1.2, 3.0), origin: tuple[float, ...] = (-5, 6, 7)) -> np.ndarray:
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = origin
    return matrix


def rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    """(4, 4) rotation about x, then y, then z."""
    result = np.eye(4)
    for axis, angle in enumerate(np.deg2rad(degrees)):
        turn = np.eye(4)
        a, b = [i for i in range(3) if i != axis]
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        result = turn @ result
    return result


def reorient(
    data: np.ndarray, matrix: np.ndarray, order: tuple[int, ...], flips: tuple[bool, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The same voxels at the same places, with the axes in another `order` and some reversed."""
    data, matrix = data.transpose(order), matrix[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            data = np.flip(data, axis)
            matrix[:, 3] += matrix[:, axis] * (data.shape[axis] - 1)  # the last voxel becomes the first
            matrix[:, axis] *= -1
    return data, matrix


def nifti(
    data: np.ndarray | None = None,
    sform: np.ndarray | None = None,
    *,
    version: int = 1,
    order: str = "<",
    extension: bytes = b"",
    **fields: Any,
) -> bytes:
    """A plain .nii file. `fields` are raw header fields, written last and unchecked.

    Every field of text holds the canary. `sform` defaults to `affine()` with code 1; `data` to `image()`.
    """
    data = image() if data is None else data
    matrix = affine() if sform is None else sform
    header = (nib.Nifti1Header if version == 1 else nib.Nifti2Header)(endianness=order)
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_xyzt_units("mm")
    header.set_sform(matrix, 1)
    header["pixdim"][1:4] = np.linalg.norm(matrix[:3, :3], axis=0)
    header["magic"] = f"n+{version}".encode()
    header["vox_offset"] = header["sizeof_hdr"] + 4 + len(extension)
    for name in {"descrip", "db_name", "aux_file", "intent_name"} & set(header.keys()):
        header[name] = CANARY
    for name, value in fields.items():
        header[name] = value
    voxels = data.astype(data.dtype.newbyteorder(order)).tobytes(order="F")
    return bytes(header.binaryblock + bytes([bool(extension), 0, 0, 0]) + extension + voxels)


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
