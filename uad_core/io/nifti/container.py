"""Bytes of an image file: from the disk or an upload, through gzip, complete and no more than announced.

nibabel reads only the bytes that it needs, so it never reaches gzip's checksum: most damaged `.nii.gz` files load with
wrong voxels and no error. Here the whole stream is inflated, zlib verifies every member's CRC and length, and the
inflated size is capped, so that a small file cannot fill the memory.
"""

import gzip
import io
import zlib
from pathlib import Path

from uad_core.io.limits import EMPTY, EXPORT_AGAIN, MAX_BYTES
from uad_core.io.volume import ScanError

SLACK_BYTES = 64 * 1024  # some writers pad the end; more than this is not the file that the header describes
MAX_MEMBERS = 20_000  # bgzip writes one gzip member per 64 KiB: 8,192 of them in a file of MAX_BYTES
GZIP_MAGIC = b"\x1f\x8b"

Source = Path | bytes

TOO_BIG = f"The file is too large: at most {MAX_BYTES // 1024**2} MB are read. Crop or resample the scan."
TRUNCATED = "The file is incomplete: it ends before the image does. Copy or download it again."
CORRUPT = "The file is damaged: its compressed data or checksum is wrong. Copy or download it again."


def read_source(source: Source) -> bytes:
    """The bytes of a file, or `source` itself when it is bytes. Raises ScanError: unreadable, too_big, empty."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        if len(data) > MAX_BYTES + SLACK_BYTES:
            raise ScanError("too_big", TOO_BIG)
    else:
        data = _read_file(source)
    if not data:
        raise ScanError("empty", EMPTY)
    return data


def _read_file(path: Path) -> bytes:
    try:
        path = Path(path)
        regular = path.is_file()  # no folder, and no pipe, which could be endless
        size = path.stat().st_size if regular else 0
        data = path.read_bytes() if size <= MAX_BYTES + SLACK_BYTES and regular else b""
    except (OSError, TypeError, ValueError):  # ValueError: a NUL in the name
        # `from None`: the text of an OSError holds the path, which may name a patient.
        raise ScanError("unreadable", "The file cannot be read. Check that you may open it.") from None
    if not regular:
        raise ScanError("unreadable", "There is no such file. Check the folder and the name.")
    if size > MAX_BYTES + SLACK_BYTES:
        raise ScanError("too_big", TOO_BIG)
    return data


def is_gzip(data: bytes) -> bool:
    """Whether the content is gzip, whatever the file is called."""
    return data.startswith(GZIP_MAGIC)


def peek(data: bytes, count: int) -> bytes:
    """The first `count` bytes, inflated, or what there is. Raises ScanError: empty, truncated, corrupt."""
    head = _inflated(data, count) if is_gzip(data) else data[:count]
    if not head:
        raise ScanError("empty", EMPTY)
    return head


def unpack(data: bytes, size: int) -> bytes:
    """The whole content, verified: `size` bytes and hardly more. Raises ScanError: truncated, corrupt, too_big."""
    if size > MAX_BYTES + SLACK_BYTES:
        raise ScanError("too_big", TOO_BIG)
    content = _inflated(data, size + SLACK_BYTES + 1) if is_gzip(data) else data
    if len(content) > size + SLACK_BYTES:
        wrong = "The file holds far more data than its header announces, so one of the two is wrong."
        raise ScanError("too_big", f"{wrong} {EXPORT_AGAIN}")
    if len(content) < size:
        raise ScanError("truncated", TRUNCATED)
    return content


def _inflated(data: bytes, most: int) -> bytes:
    """The content of all gzip members of `data`, each verified; of a longer one `most` bytes, inflating no more."""
    if data.count(GZIP_MAGIC + b"\x08") > MAX_MEMBERS:
        raise ScanError("corrupt", CORRUPT)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(most)
    except EOFError:
        raise ScanError("truncated", TRUNCATED) from None
    except (OSError, zlib.error):
        raise ScanError("corrupt", CORRUPT) from None
