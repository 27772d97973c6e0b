"""Files that must be refused, made in code: name -> (code of the refusal, the bytes)."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

import nibabel as nib
import numpy as np

from tests.support.nifti_files import CANARY, affine, gz, image, nifti

NAN, INF = float("nan"), float("inf")


def _with_voxels(count: int, value: float, dtype: str = "f4") -> np.ndarray:
    """10 x 10 x 10 noise of which the first `count` voxels are `value`."""
    data = image((10, 10, 10), dtype)
    data.reshape(-1)[:count] = value
    return data


def _scattered(value: float) -> np.ndarray:
    """10 x 10 x 10 noise with `value` in 2 % of the voxels, none at the border."""
    data = image((10, 10, 10), "f4")
    data[1:9:2, 1:9:2, 4:6] = value
    return data


def _dims(*sizes: int, **fields: object) -> bytes:
    """500 bytes that announce a volume of `sizes`."""
    dim = [len(sizes), *sizes] + [1] * (7 - len(sizes))
    return nifti(dim=dim, **fields)[:500]


def _extension(size: int) -> bytes:
    return nifti(extension=struct.pack("<ii", size, 6) + CANARY.ljust(24, b"\0"))


def _analyze() -> bytes:
    header = nib.AnalyzeHeader()
    header.set_data_shape((9, 10, 11))
    header["descrip"] = CANARY
    return bytes(header.binaryblock) + bytes(990)


def _blocks() -> np.ndarray:
    """A label map of 27 regions: more kinds than a mask has, but each is flat."""
    return np.kron(np.arange(1, 28).reshape(3, 3, 3), np.ones((8, 8, 8))).astype(np.int16)


def _sheared_flat() -> np.ndarray:
    matrix = affine()
    matrix[:3, 1] = matrix[:3, 0] + (0, 0.01, 0)
    return matrix


def _flip(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    # containers
    "nothing at all": ("empty", lambda: b""),
    "nothing, gzipped": ("empty", lambda: gz(b"")),
    "half of a gzip file": ("truncated", lambda: gz(nifti())[:900]),
    "a gzip file without its last byte": ("truncated", lambda: gz(nifti())[:-1]),
    "a gzip file without its trailer": ("truncated", lambda: gz(nifti())[:-8]),
    "ten bytes of a gzip file": ("truncated", lambda: gz(nifti())[:10]),
    "a wrong gzip checksum": ("corrupt", lambda: _flip(gz(nifti()), -8)),
    "a wrong gzip length": ("corrupt", lambda: _flip(gz(nifti()), -4)),
    "one flipped bit in the compressed voxels": ("corrupt", lambda: _flip(gz(nifti()), 900)),
    "text after the gzip stream": ("corrupt", lambda: gz(nifti()) + CANARY),
    "a second gzip member cut short": ("truncated", lambda: gz(nifti()) + gz(b"more")[:-3]),
    "a gzip file of too few voxels": ("truncated", lambda: gz(nifti()[:-2])),
    "a gzip bomb behind a good volume": ("too_big", lambda: gz(nifti() + bytes(64 * 1024**2))),
    "a plain file of too few voxels": ("truncated", lambda: nifti()[:-1]),
    "a plain file that ends in its header": ("truncated", lambda: nifti()[:200]),
    "a plain file with much behind the image": ("too_big", lambda: nifti() + bytes(100_000)),
    "a web page": ("not_nifti", lambda: b"<!DOCTYPE html><title>CANARY^PATIENT</title>" * 20),
    "a DICOM file": ("not_nifti", lambda: bytes(128) + b"DICM" + CANARY * 40),
    "a zip archive that is none": ("bad_zip", lambda: b"PK\x03\x04" + CANARY * 40),
    "random bytes": ("not_nifti", lambda: np.random.default_rng(1).bytes(2000)),
    "gzipped text": ("not_nifti", lambda: gz(CANARY * 100)),
    "gzip within gzip": ("not_nifti", lambda: gz(gz(nifti()))),
    "the header of a NIfTI pair": ("pair", lambda: nifti(magic=b"ni1", vox_offset=0)[:352]),
    "an Analyze header": ("pair", _analyze),
    # header
    "an extension of size -16": ("bad_header", lambda: _extension(-16)),
    "an extension of size 0": ("bad_header", lambda: _extension(0)),
    "an extension that reaches into the voxels": ("bad_header", lambda: _extension(48)),
    "voxels said to start at 0": ("bad_header", lambda: nifti(vox_offset=0)),
    "voxels said to start within the header": ("bad_header", lambda: nifti(vox_offset=348)),
    "voxels said to start at -1000": ("bad_header", lambda: nifti(vox_offset=-1000)),
    "voxels said to start at 1e9": ("bad_header", lambda: nifti(vox_offset=1e9)),
    "voxels said to start at NaN": ("bad_header", lambda: nifti(vox_offset=NAN)),
    "voxels said to start at infinity": ("bad_header", lambda: nifti(vox_offset=INF)),
    "voxels said to start between two bytes": ("bad_header", lambda: nifti(vox_offset=352.5)),
    "a quaternion longer than 1": ("bad_header", lambda: nifti(sform_code=0, qform_code=1, quatern_b=2)),
    # dimensions
    "a 2-D slice": ("dims", lambda: nifti(image((40, 40)))),
    "a 3-D file of one slice": ("dims", lambda: nifti(image((40, 40, 1)))),
    "three volumes": ("dims", lambda: nifti(image((9, 10, 11, 3)))),
    "a vector in every voxel": ("dims", lambda: nifti(image((9, 10, 11, 1, 3)))),
    "no axes": ("dims", lambda: nifti(dim=[0, 9, 10, 11, 1, 1, 1, 1])),
    "nine axes": ("dims", lambda: nifti(dim=[9, 9, 10, 11, 1, 1, 1, 1])),
    "minus one axes": ("dims", lambda: nifti(dim=[-1, 9, 10, 11, 1, 1, 1, 1])),
    "a negative dimension": ("dims", lambda: _dims(9, -10, 11)),
    "a dimension of zero": ("dims", lambda: _dims(9, 0, 11)),
    "500 bytes that announce 1000^3 voxels": ("dims", lambda: _dims(1000, 1000, 1000)),
    "500 bytes that announce 32767^3 voxels": ("dims", lambda: _dims(32767, 32767, 32767)),
    "500 bytes that announce an axis of 30000": ("dims", lambda: _dims(30000, 10, 10)),
    "500 gzipped bytes that announce 1000^3 voxels": ("dims", lambda: gz(_dims(1000, 1000, 1000))),
    "500 bytes that announce 512 MB": ("truncated", lambda: _dims(512, 512, 512, datatype=16, bitpix=32)),
    "500 bytes that announce 1 GB": ("too_big", lambda: _dims(512, 512, 512, datatype=64, bitpix=64)),
    "a NIfTI-2 file of 2^40 voxels along an axis": ("dims", lambda: nifti(version=2, dim=[3, 2**40, 9, 9, 1, 1, 1, 1])),
    # data types
    "colours": ("dtype", lambda: nifti(datatype=128, bitpix=24)),
    "colours with alpha": ("dtype", lambda: nifti(datatype=2304, bitpix=32)),
    "complex numbers": ("dtype", lambda: nifti(image().astype(np.complex64))),
    "single bits": ("dtype", lambda: nifti(datatype=1, bitpix=1)),
    "128-bit floats": ("dtype", lambda: nifti(datatype=1536, bitpix=128)),
    "data type 0": ("dtype", lambda: nifti(datatype=0)),
    "data type 9999": ("dtype", lambda: nifti(datatype=9999)),
    # values
    "NaN in 2 % of the voxels": ("non_finite", lambda: nifti(_scattered(NAN))),
    "nothing but NaN": ("non_finite", lambda: nifti(_with_voxels(1000, NAN))),
    "infinity in half of the voxels": ("non_finite", lambda: nifti(_with_voxels(500, -INF))),
    "all zero": ("constant", lambda: nifti(_with_voxels(1000, 0))),
    "all seven": ("constant", lambda: nifti(_with_voxels(1000, 7, "i2"))),
    "seven with rounding errors": ("constant", lambda: nifti(7 + 1e-9 * image(dtype="f8"))),
    "a range of 1e-20": ("constant", lambda: nifti(1e-20 * image(dtype="f8"))),
    "numbers beyond float32": ("absurd_values", lambda: nifti(_with_voxels(3, 1e300, "f8"))),
    "numbers whose squares overflow": ("absurd_values", lambda: nifti(_with_voxels(3, 1e30))),
    "a scale that overflows": ("absurd_values", lambda: nifti(scl_slope=3e38)),
    "a binary mask": ("looks_like_mask", lambda: nifti((image() > 400).astype(np.uint8))),
    "a label map of 27 regions": ("looks_like_mask", lambda: nifti(_blocks())),
    # geometry
    "a transform of zeros": ("bad_affine", lambda: nifti(sform=np.diag([0.0, 0, 0, 1]))),
    "a transform onto a plane": ("bad_affine", lambda: nifti(sform=affine((1, 1, 0)))),
    "a transform with NaN": ("bad_affine", lambda: nifti(srow_x=[NAN, 0, 0, 0])),
    "a transform with an infinite origin": ("bad_affine", lambda: nifti(srow_x=[1, 0, 0, INF])),
    "an origin at 1e30 mm": ("bad_affine", lambda: nifti(srow_x=[1, 0, 0, 1e30])),
    "an origin at 1e38 m": (
        "bad_affine",
        lambda: nifti(sform=np.diag([1e-3, 1e-3, 1e-3, 1]) @ affine(origin=(1e38, 0, 0)), xyzt_units=1),
    ),
    "two axes that are nearly parallel": ("bad_affine", lambda: nifti(sform=_sheared_flat())),
    "a quaternion of NaN": ("bad_affine", lambda: nifti(sform_code=0, qform_code=1, quatern_b=NAN)),
    "two voxel sizes, one twice the other": ("contradiction", lambda: nifti(pixdim=[1, 2, 2, 2, 1, 1, 1, 1])),
    "voxels of 1e30 mm": ("bad_spacing", lambda: nifti(sform=affine((1e30, 1e30, 1e30)))),
    "voxels of 25 mm": ("bad_spacing", lambda: nifti(sform=affine((1, 1, 25)))),
    "voxels of 0.01 mm": ("bad_spacing", lambda: nifti(sform=affine((0.01, 1, 1)))),
    "no transform and no voxel size": ("bad_spacing", lambda: nifti(sform_code=0, pixdim=[0] * 8)),
    "no transform and a voxel size of NaN": ("bad_spacing", lambda: nifti(sform_code=0, pixdim=[NAN] * 8)),
    "a quaternion and a voxel size of 1e9": (
        "bad_spacing",
        lambda: nifti(sform_code=0, qform_code=1, pixdim=[1e9] * 8),
    ),
}


def many_members(content: bytes, size: int) -> bytes:
    """As bgzip and pigz may write it: one gzip member for every `size` bytes."""
    return b"".join(gzip.compress(content[i : i + size]) for i in range(0, len(content), size))
