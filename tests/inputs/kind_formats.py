"""Other formats and packings: read behind the same gate, or a sentence with the way out."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile

import nibabel as nib
import numpy as np

from tests.support.dicom_files import series, zipped
from tests.support.input_case import NOTED, REFUSED, InputCase, same_scan
from tests.support.odd_dicom import clean as clean_series
from tests.support.odd_images import AFFINE, SHAPE, file, image_case, mgh, saved_by_itk, tarred, voxels
from uad_core.io.read_scan import read_scan

KIND = "Other formats and packings"
PLAIN = ["no checksum"]
MGH_TAGS = struct.pack(">iq", 3, 9) + b"mri_conv\0"  # that a command made it
NRRD = """NRRD0004
type: short
dimension: 3
space: left-posterior-superior
sizes: 24 22 20
space directions: (1,0,0) (0,-1.1,0) (0,0,2)
kinds: domain domain domain
endian: little
encoding: gzip
space origin: (-12,9,-20)"""


FOUR = (("dimension: 3", "dimension: 4"), ("24 22 20", "24 22 20 1"), ("(0,0,2)", "(0,0,2) none"),
        ("domain domain domain", "domain domain domain list"))  # fmt: skip


def nrrd(old="", new="", packed=True, tail="\n\n"):
    data = voxels().astype("<i2").tobytes(order="F")
    header = NRRD.replace(old, new) if old else NRRD
    return header.encode() + tail.encode() + (gzip.compress(data) if packed else data)


def nrrd_of(kind, *changes):
    """The scan as whole numbers of another size, and with further changes of the header."""
    header = NRRD.replace("type: short", f"type: {kind}")
    for old, new in changes:
        header = header.replace(old, new)
    code = {"short": "<i2", "uint64": "<u8"}.get(kind, "<i8")
    return header.encode() + b"\n\n" + gzip.compress(voxels().astype(code).tobytes(order="F"))


def read(tried, make, right="as the clean one", words=()):
    return image_case(tried, lambda folder: make(), right, words)


def refused(tried, make, *words):
    return read(tried, make, REFUSED, words)


def of_series(tried, make, right="as the clean one", words=()):
    return InputCase(tried, lambda folder: same_scan(read_scan(make(folder)), clean_series()), right, words)


def analyze():
    image = nib.AnalyzeImage(voxels(), AFFINE)
    return bytes(image.header.binaryblock)


def tar_of(files):
    return tarred({f"series/{n:03d}": data for n, data in enumerate(files)})


def on_disk(data, name):
    def make(folder):
        (folder / name).write_bytes(data)
        return folder / name

    return make


CASES = [
    read("MGZ", lambda: gzip.compress(mgh())),
    read("MGH", mgh, NOTED, PLAIN),
    image_case("MGZ, by its path", on_disk(gzip.compress(mgh()), "orig.mgz")),
    refused("MGZ that does not say how the head lies", lambda: gzip.compress(mgh(goodRASFlag=0)), "does not say where"),
    refused("MGZ of two volumes", lambda: gzip.compress(mgh(dims=[*SHAPE, 2])), "holds 2 volumes"),
    refused("MGZ that announces 2000^3 voxels", lambda: gzip.compress(mgh(dims=[2000, 2000, 2000, 1])), "too large"),
    refused("MGZ cut short", lambda: gzip.compress(mgh())[:-100], "incomplete"),
    refused("MGZ that states half of its slices", lambda: gzip.compress(mgh(dims=[*SHAPE[:2], SHAPE[2] // 2, 1])),
            "more voxels"),
    read("MGZ with the tags that FreeSurfer writes", lambda: gzip.compress(mgh() + MGH_TAGS)),
    refused("MGZ of an unknown type", lambda: gzip.compress(mgh(type=7)), "unknown type"),
    read("NRRD, gzipped", nrrd),
    read("NRRD, raw", lambda: nrrd("gzip", "raw", packed=False), NOTED, PLAIN),
    read("NRRD with lines that end as on Windows", lambda: nrrd("\n", "\r\n", tail="\r\n\r\n")),
    image_case("NRRD of SimpleITK's, gzipped", lambda folder: saved_by_itk(folder, "scan.nrrd", True)),
    image_case("NRRD of SimpleITK's, raw", lambda folder: saved_by_itk(folder, "scan.nrrd", False), NOTED, PLAIN),
    *(read(f"NRRD of {kind}", lambda kind=kind: nrrd_of(kind)) for kind in ("int64", "long long", "uint64")),
    read("NRRD of four axes, the last of 1", lambda: nrrd_of("short", *FOUR), NOTED, ["more than three"]),
    refused("NRRD whose voxels lie in another file", lambda: nrrd("encoding: gzip", "encoding: raw\ndata file: x.raw"),
            "another file", "one .nrrd"),
    refused("NRRD that points to a file of the system's", lambda: nrrd(
        "encoding: gzip", "encoding: raw\ndatafile: /etc/passwd"), "another file"),
    refused("NRRD that does not say in which space it lies", lambda: nrrd("space: left-posterior-superior", "#"),
            "how the scan lies"),
    refused("NRRD of text", lambda: nrrd("gzip", "ascii"), "packed in a way"),
    refused("NRRD that announces 2000^3 voxels", lambda: nrrd("24 22 20", "2000 2000 2000"), "too large"),
    refused("NRRD whose gzip is a bomb", lambda: NRRD.encode() + b"\n\n" + gzip.compress(bytes(64 * 1024**2)),
            "far more data"),
    read("NRRD in millimetres, as it says", lambda: nrrd("space:", 'space units: "mm" "mm" "mm"\nspace:')),
    refused("NRRD in centimetres", lambda: nrrd("space:", 'space units: "cm" "cm" "cm"\nspace:'), "not in millimetres"),
    refused("NRRD with one axis in metres", lambda: nrrd("space:", 'space units: "mm" "mm" "m"\nspace:'),
            "not in millimetres"),
    refused("NRRD of no known order of bytes", lambda: nrrd("endian: little", "endian: bxg"), "damaged, or of an"),
    refused("NRRD that does not say its order of bytes", lambda: nrrd("endian: little\n", ""), "damaged, or of an"),
    refused("NRRD of colours", lambda: nrrd("kinds: domain", "kinds: RGB-color"), "not those of a 3-D"),
    read("NRRD of three axes in space", lambda: nrrd("domain domain domain", "space space space")),
    refused("NRRD that states its size twice", lambda: nrrd("sizes: ", "sizes: 12 22 20\nsizes: "),
            "damaged, or of an"),
    refused("NRRD with a number that is none", lambda: nrrd("(1,", "(1_0,"), "how the scan lies"),
    refused("NRRD with one bit flipped", lambda: flipped(nrrd()), "damaged"),
    read("zip of a .nii.gz", lambda: zipped({"scan/CANARY.nii.gz": file()})),
    read("zip of a .nii", lambda: zipped({"CANARY.nii": gzip.decompress(file())})),
    read("zip of a .nii.gz and what macOS adds", lambda: zipped(
        {"a.nii.gz": file(), "__MACOSX/._a.nii.gz": b"\0\5\x16\7", ".DS_Store": b"Bud1", "notes.txt": b"CANARY"})),
    read("tar.gz of a .nii.gz", lambda: tarred({"scan/CANARY.nii.gz": file()})),
    read("tar of a .nii", lambda: tarred({"CANARY.nii": gzip.decompress(file())}, gzipped=False)),
    image_case("tar.gz of a .nii, by its path", on_disk(tarred({"a.nii": gzip.decompress(file())}), "scan.tar.gz")),
    of_series("tar.gz of a DICOM series", lambda folder: tar_of(series())),
    of_series("tar.gz of a DICOM series, by its path", lambda folder: on_disk(tar_of(series()), "study.tgz")(folder)),
    refused("a pointer of Git LFS called .nii.gz", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "never fetched"),
    refused("zip of two scans", lambda: zipped({"a.nii.gz": file(), "b.nii.gz": file()}), "holds 2 images"),
    refused("zip of text", lambda: zipped({"CANARY.txt": b"CANARY"}), "no DICOM image"),
    refused("zip in a zip", lambda: zipped({"a.zip": zipped({"a.nii.gz": file()})}), "no DICOM image"),
    refused("tar whose member climbs out", lambda: tarred({"../../CANARY.nii.gz": file()}), "of an unusual kind"),
    refused("tar whose member starts at the root", lambda: tarred({"/etc/CANARY.nii.gz": file()}), "unusual"),
    refused("tar of a link", lambda: tarred({"a.nii": b""}, type=tarfile.SYMTYPE, linkname="/etc/CANARY"), "unusual"),
    refused("tar.gz that is a bomb", lambda: tarred({"a.nii": bytes(64 * 1024**2)}), "inflates far beyond"),
    refused("zip that is a bomb", lambda: zipped({"a.nii": gzip.decompress(file())[:400] + bytes(64 * 1024**2)}),
            "inflates far beyond"),
    refused("tar.gz cut short", lambda: tarred({"a.nii.gz": file()})[:-200], "incomplete"),
    refused("Analyze 7.5", analyze, "left from right", "nib-convert"),
    refused("one half of a NIfTI pair", lambda: gzip.decompress(file(magic=b"ni1", vox_offset=0))[:352], "nib-convert"),
    read("zip of the scan and a gzipped table", lambda: zipped(
        {"scan.nii.gz": file(), "events.tsv.gz": gzip.compress(b"onset\tduration\n")})),
    refused("gzipped twice", lambda: gzip.compress(file()), "gzip twice", "Unpack it once"),
    refused("bzip2", lambda: bz2.compress(gzip.decompress(file())), "bzip2", "Unpack"),
    refused("xz", lambda: lzma.compress(gzip.decompress(file())), "xz", "Unpack"),
    refused("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(500), "7z", "Unpack"),
    refused("MINC 2", lambda: b"\x89HDF\r\n\x1a\n" + bytes(900), "mnc2nii"),
    refused("MetaImage", lambda: b"ObjectType = Image\nNDims = 3\n" + bytes(500), "3D Slicer"),
    refused("Philips PAR", lambda: b"# === DATA DESCRIPTION FILE ====" + bytes(500), "dcm2niix"),
    refused("a PNG", lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "a picture"),
    refused("a PDF", lambda: b"%PDF-1.7" + bytes(500), "PDF"),
    refused("a web page", lambda: b"<!DOCTYPE html>" + bytes(500), "web page"),
    refused("an empty file", lambda: b"", "empty"),
    refused("random bytes", lambda: np.random.default_rng(1).bytes(3000), "no scan that can be read"),
]  # fmt: skip


def flipped(data):
    changed = bytearray(data)
    changed[-1000] ^= 1
    return bytes(changed)
