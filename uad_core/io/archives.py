"""Members of a zip archive, which nobody is trusted to have packed.

Nothing is unpacked to the disk; names that point outside, passwords, unusual methods and too many members are refused,
and a member comes in pieces, so that its reader can stop before a bomb has filled the memory.
"""

import io
import zipfile
from collections.abc import Iterator

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
BOMB = "The archive inflates far beyond what scans do. It was not read."


def is_zip(head: bytes) -> bool:
    """Whether a file that starts with `head` is a zip archive."""
    return head.startswith(ZIP_MAGICS)


def members(data: bytes, too_many: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and pieces of each file in an archive; a checksum is verified when its last piece was taken.

    `too_many`: the sentence about an archive of too many members. Raises ScanError: too_big, encrypted_zip, bad_zip.
    """
    # zipfile builds an object for each entry before it can be asked how many there are.
    if data.count(ZIP_ENTRY) > MAX_FILES:
        raise ScanError("too_big", too_many)
    # zipfile has many ways to fail on a damaged archive, and quotes member names
    with refused("bad_zip", BAD_ZIP):
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            _check(entry)
        for entry in entries:
            yield entry.orig_filename.replace("\\", "/"), _pieces(archive, entry)


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with refused("bad_zip", BAD_ZIP):
        stream = archive.open(entry)
    with stream:
        size = HEAD_BYTES
        while True:
            with refused("bad_zip", BAD_ZIP):
                piece = stream.read(size)
            if not piece:
                return
            yield piece
            size = PIECE_BYTES


def _check(entry: zipfile.ZipInfo) -> None:
    """Raises ScanError (encrypted_zip, bad_zip) for a member that is not to be read."""
    if entry.flag_bits & 0x1:
        raise ScanError("encrypted_zip", "The archive is encrypted. Give one without a password.")
    name = entry.orig_filename.replace("\\", "/")  # as Windows programs write it
    outside = name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in name
    if outside or entry.compress_type not in METHODS:
        raise ScanError("bad_zip", BAD_ZIP)
