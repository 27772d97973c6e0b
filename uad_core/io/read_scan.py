"""Read a scan: NIfTI or DICOM, a path or bytes, distinguished by content and never by a name."""

import os
from collections.abc import Sequence
from pathlib import Path

from uad_core.io.dicom import read_dicom
from uad_core.io.dicom.container import HEAD_BYTES, MAX_FILES, TOO_BIG, is_dicom, is_zip
from uad_core.io.limits import MAX_BYTES
from uad_core.io.nifti import read_nifti
from uad_core.io.nifti.container import read_source
from uad_core.io.volume import ScanError, Volume, refused

ScanSource = Path | bytes | Sequence[bytes]


def read_scan(source: ScanSource) -> Volume:
    """The scan in what a user brings; of DICOM a `DicomScan`, on which `export` writes a DICOM SEG as well.

    `source`: a NIfTI file, a zip archive of a DICOM series, or a DICOM file of many frames, as a path or as bytes; a
    folder of a DICOM series, also with folders in it; or the bytes of its files. Raises ScanError: the codes of both
    packages.
    """
    if isinstance(source, Path):
        return _read_path(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read_one(bytes(source), bytes(source[:HEAD_BYTES]))
    if len(source) == 1:
        return read_scan(source[0])
    return read_dicom(source)


def _read_path(path: Path) -> Volume:
    try:
        folder = path.is_dir()
        head = b"" if folder else _head(path)
    except (OSError, ValueError):  # not to be opened, or no possible name
        return read_nifti(path)  # which has a sentence for it
    return read_dicom(_folder(path)) if folder else _read_one(path, head)


def _read_one(source: Path | bytes, head: bytes) -> Volume:
    if is_dicom(head) or is_zip(head):
        return read_dicom([read_source(source)])
    return read_nifti(source)


def _head(path: Path) -> bytes:
    if not path.is_file():  # a pipe could be endless
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _folder(folder: Path) -> list[bytes]:
    """The files below `folder`: DICOM whole, of the others the first bytes, so that they can be counted."""
    files: list[bytes] = []
    size = 0
    unreadable = "The folder cannot be read. Check that it is there and that you may open what is in it."
    with refused("unreadable", unreadable, OSError):  # a slice that cannot be read would be missing
        for root, _, names in os.walk(folder, onerror=_raise):
            for path in (Path(root) / name for name in names):
                head = _head(path)
                files.append(path.read_bytes() if is_dicom(head) else head)
                size += len(files[-1])
                if size > MAX_BYTES or len(files) > MAX_FILES:
                    raise ScanError("too_big", TOO_BIG)
    return files


def _raise(error: OSError) -> None:
    raise error
