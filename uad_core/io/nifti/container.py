"""Bytes of an image file: from the disk or an upload, through gzip, complete and no more than announced.

nibabel reads only the bytes that it needs, so it never reaches gzip's checksum: most damaged `.nii.gz` files load with
wrong voxels and no error. Here the whole stream is inflated, zlib verifies every member's CRC and length, and the
inflated size is capped, so that a small file cannot fill the memory.
"""

import gzip
import io
import zlib
from pathlib import Path, PurePosixPath

from uad_core.io.archives import BOMB, MAX_RATIO, MIN_BOMB_BYTES, is_tar, is_zip, members
from uad_core.io.limits import EMPTY, EXPORT_AGAIN, MAX_BYTES
from uad_core.io.volume import ScanError

SLACK_BYTES = 64 * 1024  # some writers pad the end; more than this is not the file that the header describes
MAX_MEMBERS = 20_000  # bgzip writes one gzip member per 64 KiB: 8,192 of them in a file of MAX_BYTES
GZIP_MAGIC = b"\x1f\x8b"

NIFTI_STARTS = tuple(size.to_bytes(4, order) for size in (348, 540) for order in ("little", "big"))  # of the header
MGH_START = b"\0\0\0\1"
NAMED_BY = 8  # bytes that show what a file is
TAR_HEAD = 512  # bytes that show a tar archive

Source = Path | bytes

TOO_BIG = f"The file is too large: at most {MAX_BYTES // 1024**2} MB are read. Crop or resample the scan."
TRUNCATED = "The file is incomplete: it ends before the image does. Copy or download it again."
CORRUPT = "The file is damaged: its compressed data or checksum is wrong. Copy or download it again."


def image_bytes(source: Source) -> tuple[bytes, bool]:
    """The bytes of the one image in `source`, and whether they come out of an archive, zip or tar or tar.gz.

    Raises ScanError: those of `read_source` and of archives, and several_images.
    """
    data = read_source(source)
    archive = as_archive(data)
    if archive is None:
        return data, False
    found, size = [], 0
    for name, pieces in members(archive, TOO_BIG):
        if PurePosixPath(name).name.startswith("."):  # of the system's own, such as macOS's ._ companions
            continue
        taken: list[bytes] = []
        for piece in pieces:
            if not taken and not is_image(piece):
                break
            taken.append(piece)
            size += len(piece)
            if size > MAX_BYTES:
                raise ScanError("too_big", TOO_BIG)
            if size > max(MAX_RATIO * len(archive), MIN_BOMB_BYTES):
                raise ScanError("zip_bomb", BOMB)
        if taken:
            found.append(b"".join(taken))
    if not found:
        raise ScanError("not_nifti", "There is no scan in the archive that can be read. Give a .nii.gz file.")
    if len(found) > 1:  # of what is gzipped, not all need be an image
        found = [one for one in found if not is_gzip(one) or is_image(peek(one, NAMED_BY))] or found
    if len(found) > 1:
        raise ScanError("several_images", f"The archive holds {len(found)} images. Give one of them.")
    return found[0], True


def as_archive(data: bytes) -> bytes | None:
    """A zip or tar archive, a tar.gz inflated; None for another file. Raises ScanError: zip_bomb, truncated."""
    if is_gzip(data) and is_tar(peek(data, TAR_HEAD)):
        limit = min(MAX_BYTES, max(MAX_RATIO * len(data), MIN_BOMB_BYTES))
        content = inflated(data, limit + 1)
        if len(content) > limit:
            raise ScanError("zip_bomb", BOMB)
        return content
    return data if is_zip(data) or is_tar(data) else None


def is_image(head: bytes) -> bool:
    """Whether a file that starts with `head` is an image of this package's formats, or gzipped and so may be one."""
    return is_gzip(head) or head[:4] in NIFTI_STARTS or head.startswith((MGH_START, b"NRRD000"))


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
    head = inflated(data, count) if is_gzip(data) else data[:count]
    if not head:
        raise ScanError("empty", EMPTY)
    return head


def unpack(data: bytes, size: int, slack: int = SLACK_BYTES) -> bytes:
    """The whole content, verified: `size` bytes and little more. Raises ScanError: truncated, corrupt, too_big."""
    if size > MAX_BYTES + SLACK_BYTES:
        raise ScanError("too_big", TOO_BIG)
    content = inflated(data, size + slack + 1) if is_gzip(data) else data
    if len(content) > size + slack:
        wrong = "The file holds far more data than its header announces, so one of the two is wrong."
        raise ScanError("too_big", f"{wrong} {EXPORT_AGAIN}")
    if len(content) < size:
        raise ScanError("truncated", TRUNCATED)
    return content


def inflated(data: bytes, most: int) -> bytes:
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
