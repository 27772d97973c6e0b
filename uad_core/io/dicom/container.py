"""The DICOM files of an upload, as they come or out of a zip archive: counted, capped, and never named.

Nothing is unpacked to the disk and no member's name is used; names that point outside are refused all the same.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence

from uad_core.io.limits import EMPTY, MAX_BYTES
from uad_core.io.volume import ScanError, refused

MAX_FILES = 5000  # a head of 0.5 mm slices has 400; whole studies have a few thousand
MAX_RATIO = 100  # inflated bytes for each byte of an archive: scans deflate to a half or a third
MIN_BOMB_BYTES = 16 * 1024**2  # below this the ratio says nothing: a small phantom is mostly zeros
HEAD_BYTES = 132  # of a DICOM file, which has b"DICM" at their end
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # the second opens an archive of nothing
ZIP_ENTRY = b"PK\x01\x02"  # in front of each entry of the list at an archive's end
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes before the first byte

TOO_BIG = f"The upload is too large: at most {MAX_BYTES // 1024**2} MB and {MAX_FILES} files are read. Give one series."
BAD_ZIP = "The archive is damaged, or of an unusual kind. Pack the series again as a plain zip, or give its files."


def is_dicom(head: bytes) -> bool:
    """Whether a file that starts with `head`, of at least `HEAD_BYTES`, is DICOM, whatever it is called."""
    return head[128:HEAD_BYTES] == b"DICM"


def is_zip(head: bytes) -> bool:
    """Whether a file that starts with `head` is a zip archive."""
    return head.startswith(ZIP_MAGICS)


def dicom_files(files: Sequence[bytes]) -> tuple[list[bytes], int]:
    """The distinct DICOM files among `files`, or in the one zip archive that it is; and how many others there were."""
    if not any(files):
        raise ScanError("empty", EMPTY)
    if len(files) == 1 and is_zip(files[0]):
        found, others = _unzip(files[0])
    else:
        if len(files) > MAX_FILES or sum(map(len, files)) > MAX_BYTES:
            raise ScanError("too_big", TOO_BIG)
        found = [bytes(data) for data in files if is_dicom(data)]
        others = len(files) - len(found)
    return list(dict.fromkeys(found)), others


def _unzip(data: bytes) -> tuple[list[bytes], int]:
    # zipfile builds an object for each entry before it can be asked how many there are.
    if data.count(ZIP_ENTRY) > MAX_FILES:
        raise ScanError("too_big", TOO_BIG)
    found, others, inflated = [], 0, 0
    # zipfile has many ways to fail on a damaged archive, and quotes member names
    with refused("bad_zip", BAD_ZIP), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        for member in members:
            _check(member)
        for member in members:
            pieces = []
            for piece in _inflate(archive, member):
                pieces.append(piece)
                inflated += len(piece)
                if inflated > MAX_BYTES:
                    raise ScanError("too_big", TOO_BIG)
                if inflated > max(MAX_RATIO * len(data), MIN_BOMB_BYTES):
                    raise ScanError("zip_bomb", "The archive inflates far beyond what scans do. It was not read.")
            if is_dicom(pieces[0]):
                found.append(b"".join(pieces))
            else:
                others += 1
    return found, others


def _check(member: zipfile.ZipInfo) -> None:
    """Raises ScanError (encrypted_zip, bad_zip) for a member that is not to be read."""
    if member.flag_bits & 0x1:
        raise ScanError("encrypted_zip", "The archive is encrypted. Give one without a password.")
    name = member.orig_filename.replace("\\", "/")  # as Windows programs write it
    outside = name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in name
    if outside or member.compress_type not in METHODS:
        raise ScanError("bad_zip", BAD_ZIP)


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Pieces of a member; of one that is not DICOM only the first. Reading to the end verifies the checksum."""
    with archive.open(member) as stream:
        head = stream.read(HEAD_BYTES)
        yield head
        while is_dicom(head) and (piece := stream.read(1024**2)):
            yield piece
