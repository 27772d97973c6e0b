"""Bytes of an image file: from the disk or an upload, through gzip, complete and no more than announced.

nibabel reads only the bytes that it needs, so it never reaches gzip's checksum: most damaged `.nii.gz` files load with
wrong voxels and no error. Here the whole stream is inflated, zlib verifies every member's CRC and length, and the
inflated size is capped, so that a small file cannot fill the memory.
"""

import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

from uad_core.io.limits import EMPTY, EXPORT_AGAIN, MAX_BYTES
from uad_core.io.volume import ScanError

SLACK_BYTES = 64 * 1024  # some writers pad the end; more than this is not the file that the header describes
CHUNK_BYTES = 1024**2  # inflated at a time
FEED_BYTES = 64 * 1024  # compressed bytes handed to zlib at a time, which copies what it does not use
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
    if not is_gzip(data):
        return data[:count]
    head = b""
    for chunk in _inflate(data, chunk_bytes=count):
        head += chunk
        if len(head) >= count:
            break
    if not head:
        raise ScanError("empty", EMPTY)
    return head[:count]


def unpack(data: bytes, size: int) -> bytes | bytearray:
    """The whole content, inflated and verified: at least `size` bytes and hardly more.

    Raises ScanError: truncated, corrupt; too_big if `size` is, or if more than `SLACK_BYTES` follow.
    """
    if size > MAX_BYTES + SLACK_BYTES:
        raise ScanError("too_big", TOO_BIG)
    content: bytes | bytearray = data
    if is_gzip(data):
        content = bytearray()
        for chunk in _inflate(data, CHUNK_BYTES):
            content += chunk
            if len(content) > size + SLACK_BYTES:
                break
    if len(content) > size + SLACK_BYTES:
        wrong = "The file holds far more data than its header announces, so one of the two is wrong."
        raise ScanError("too_big", f"{wrong} {EXPORT_AGAIN}")
    if len(content) < size:
        raise ScanError("truncated", TRUNCATED)
    return content


def _inflate(data: bytes, chunk_bytes: int) -> Iterator[bytes]:
    """Chunks of all gzip members of `data`; ends only if each is complete and its checksum is right."""
    view = memoryview(data)
    start = 0
    for _ in range(MAX_MEMBERS):
        start += yield from _inflate_member(view[start:], chunk_bytes)
        if bytes(view[start : start + 2]) != GZIP_MAGIC:
            if bytes(view[start:]).strip(b"\0"):  # zeros may pad the end; anything else was meant to be data
                raise ScanError("corrupt", CORRUPT)
            return
    raise ScanError("corrupt", CORRUPT)


def _inflate_member(view: memoryview, chunk_bytes: int) -> Generator[bytes, None, int]:
    """Yields the chunks of the gzip member at the start of `view`; returns how many bytes of it that was."""
    stream = zlib.decompressobj(wbits=31)
    fed, pending = 0, b""
    while not stream.eof:
        if not pending:
            pending = bytes(view[fed : fed + FEED_BYTES])
            fed += len(pending)
        exhausted = not pending
        try:
            chunk = stream.decompress(pending, chunk_bytes)
        except zlib.error:
            raise ScanError("corrupt", CORRUPT) from None
        pending = stream.unconsumed_tail
        if chunk:
            yield chunk
        elif exhausted and not stream.eof:
            raise ScanError("truncated", TRUNCATED)
    return fed - len(stream.unused_data)
