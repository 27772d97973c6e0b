"""Members of a zip or tar archive, which nobody is trusted to have packed.

Nothing is unpacked to the disk; names that point outside, passwords, unusual methods and too many members are refused,
and a member comes in pieces, so that its reader can stop before a bomb has filled the memory.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO

from uad_core.io.volume import ScanError, refused

MAX_FILES = 5000  # a head of 0.5 mm slices has 400; whole studies have a few thousand
MAX_RATIO = 100  # inflated bytes for each byte of an archive: scans deflate to a half or a third
MIN_BOMB_BYTES = 16 * 1024**2  # below this the ratio says nothing: a small phantom is mostly zeros
HEAD_BYTES = 132  # the size of the first piece; the others are larger
PIECE_BYTES = 1024**2
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # the second opens an archive of nothing
ZIP_ENTRY = b"PK\x01\x02"  # in front of each entry of the list at an archive's end
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes before the first byte

BAD_ZIP = "The archive is damaged, or of an unusual kind. Pack the files again as a plain zip, or give them unpacked."
BOMB = "The archive or file inflates far beyond what scans do. It was not read."


def is_zip(head: bytes) -> bool:
    """Whether a file that starts with `head` is a zip archive."""
    return head.startswith(ZIP_MAGICS)


def is_tar(head: bytes) -> bool:
    """Whether content that starts with `head`, inflated, is a tar archive."""
    return head[257:262] == b"ustar"


def members(data: bytes, too_many: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and pieces of each file in an archive, which is not itself compressed; zip verifies a checksum at its end.

    `too_many`: the sentence about an archive of too many members. Raises ScanError: too_big, encrypted_zip, bad_zip.
    """
    return _zip_members(data, too_many) if is_zip(data) else _tar_members(data, too_many)


def _zip_members(data: bytes, too_many: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    # zipfile builds an object for each entry before it can be asked how many there are.
    if data.count(ZIP_ENTRY) > MAX_FILES:
        raise ScanError("too_big", too_many)
    # zipfile has many ways to fail on a damaged archive, and quotes member names
    with refused("bad_zip", BAD_ZIP):
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        with refused("bad_zip", BAD_ZIP):  # a member without a name
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            if entry.flag_bits & 0x1:
                raise ScanError("encrypted_zip", "The archive is encrypted. Give one without a password.")
            if entry.compress_type not in METHODS:
                raise ScanError("bad_zip", BAD_ZIP)
        names = [_inside(entry.orig_filename) for entry in entries]
        for name, entry in zip(names, entries, strict=True):
            with refused("bad_zip", BAD_ZIP):
                stream = archive.open(entry)
            yield name, _pieces(stream)


def _tar_members(data: bytes, too_many: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    with refused("bad_zip", BAD_ZIP):
        archive = tarfile.TarFile(fileobj=io.BytesIO(data))
    with archive:
        entries: list[tuple[str, tarfile.TarInfo]] = []
        with refused("bad_zip", BAD_ZIP):
            for entry in archive:
                if entry.isdir():
                    continue
                if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.sparse is not None:
                    raise ScanError("bad_zip", BAD_ZIP)  # a link, a device, a file with holes
                if len(entries) >= MAX_FILES:
                    raise ScanError("too_big", too_many)
                entries.append((_inside(entry.name), entry))
        for name, entry in entries:
            with refused("bad_zip", BAD_ZIP):
                stream = archive.extractfile(entry)
            if stream is not None:
                yield name, _pieces(stream)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        size = HEAD_BYTES
        while True:
            with refused("bad_zip", BAD_ZIP):
                piece = stream.read(size)
            if not piece:
                return
            yield piece
            size = PIECE_BYTES


def _inside(name: str) -> str:
    """A member's name with slashes. Raises ScanError (bad_zip) for one that points out of the archive."""
    name = name.replace("\\", "/")  # as Windows programs write it
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in name:
        raise ScanError("bad_zip", BAD_ZIP)
    return name
