"""NRRD, as 3D Slicer writes it: https://teem.sourceforge.net/nrrd/format.html; header and voxels in one file."""

import re

import numpy as np

from uad_core.io.image_header import ImageHeader, one_volume, placed
from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.volume import ScanError, refused

MAGIC = b"NRRD000"
MAX_HEADER_BYTES = 64 * 1024
TYPES = {
    "i1": ("signed char", "int8", "int8_t"), "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"), "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",), "f8": ("double",),
}  # fmt: skip
CODES = {name: code for code, names in TYPES.items() for name in names}
SPACES = {  # -> signs of the axes in RAS+
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1), "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
}  # fmt: skip
ORDERS = {"little": "<", "big": ">", "": "<"}
PLACES = {"domain", "space", "???", "none"}  # kinds of an axis along which voxels lie beside each other
MILLIMETRES = {"mm", "millimeter", "millimeters", "millimetre", "millimetres", "???"}
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
DETACHED = "The header's voxels lie in another file. Save the scan as one .nrrd file, or as .nii.gz."
BAD = f"The NRRD header is damaged, or of an unusual kind. {EXPORT_AGAIN}"


def is_nrrd(data: bytes) -> bool:
    """Whether the content is NRRD."""
    return data.startswith(MAGIC)


def parse_nrrd(data: bytes) -> tuple[ImageHeader, bool]:
    """The header of a file, and whether its voxels are gzipped. No other file is opened, whatever it says.

    Raises ScanError: bad_header, pair, dims, dtype, bad_affine, bad_spacing.
    """
    end = re.search(rb"\r?\n\r?\n", data[:MAX_HEADER_BYTES])
    if end is None:
        raise ScanError("pair", DETACHED if b"data" in data[:MAX_HEADER_BYTES].lower() else BAD)
    fields = _fields(data[: end.start()].decode("ascii", "replace"))
    if {"data file", "datafile"} & fields.keys():
        raise ScanError("pair", DETACHED)
    encoding = fields.get("encoding", "").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise ScanError("bad_header", "The voxels are packed in a way that cannot be read. Save the scan as .nii.gz.")
    if any(fields.get(name, "0") not in ("0", "") for name in ("line skip", "lineskip", "byte skip", "byteskip")):
        raise ScanError("bad_header", BAD)
    with refused("bad_header", BAD):
        sizes = [int(size) for size in fields["sizes"].split()]
        if "_" in fields["sizes"] or int(fields["dimension"]) != len(sizes):
            raise ValueError
    code = CODES.get(fields.get("type", "").lower())
    if code is None:
        raise ScanError("dtype", "The voxels are of an unknown type. Give the magnitude image.")
    shape, notes = one_volume(sizes if len(sizes) < 4 or sizes[0] != 1 else sizes[1:])
    endian = fields.get("endian", "").lower()
    if endian not in ORDERS or (not endian and np.dtype(code).itemsize > 1):
        raise ScanError("bad_header", BAD)
    kinds = fields.get("kinds", "").lower().split()
    if not set(kinds[:3] if sizes[3:] == [1] else kinds[-3:]) <= PLACES:
        raise ScanError(
            "dims", "The file's axes are not those of a 3-D volume: colours, a list or times. Give one volume."
        )
    units = fields.get("space units", "").lower().replace('"', " ").split()
    if not set(units) <= MILLIMETRES:
        raise ScanError("bad_spacing", "The file's lengths are not in millimetres. Save the scan again from 3D Slicer.")
    grid, doubts = placed(shape, _affine(fields))
    header = ImageHeader(shape, np.dtype(ORDERS[endian] + code), end.end(), grid, (*notes, *doubts))
    return header, encoding != "raw"


def _fields(text: str) -> dict[str, str]:
    """The fields by name, in lower case; comments and key-value pairs, which may name a patient, left aside."""
    lines = [line.split(": ", 1) for line in text.splitlines()[1:] if not line.startswith("#") and ":=" not in line]
    pairs = [(name.strip().lower(), rest[0].strip()) for name, *rest in lines if rest]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ScanError("bad_header", BAD)  # which of the two counts?
    return fields


def _numbers(vector: str) -> list[float]:
    words = vector.split(",")
    if not all(map(NUMBER.fullmatch, words)):  # Python takes more for a number than the format does
        raise ValueError
    return [float(word) for word in words]


def _affine(fields: dict[str, str]) -> np.ndarray:
    """Voxel to world, RAS+ mm. Raises ScanError: bad_affine, where the file does not say how the head lies."""
    space = fields.get("space", "").lower()
    with refused("bad_affine", "The header does not say how the scan lies in space. Save it again from 3D Slicer."):
        signs = np.array(SPACES[space], float)
        vectors = [_numbers(vector) for vector in re.findall(r"\(([^)]*)\)", fields["space directions"])]
        origin = _numbers(re.findall(r"\(([^)]*)\)", fields["space origin"])[0])
        affine = np.eye(4)
        affine[:3, :3], affine[:3, 3] = np.array(vectors).T, origin
        affine[:3] *= signs[:, None]
    return affine
