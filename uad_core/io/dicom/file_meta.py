"""The start of a DICOM file: recognised with or without its preamble, and made whole, before pydicom sees it.

Some archives and programs leave out the preamble, "DICM" or the whole file meta information (PS3.10, section 7.1); what
is behind them is the same data set. A deflated data set is inflated here, since pydicom would inflate it without end.
"""

import struct
import zlib
from collections.abc import Iterator

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import VR

from uad_core.io.volume import ScanError

HEAD_BYTES = 132  # of a DICOM file, which has b"DICM" at their end
PREAMBLE = bytes(128) + b"DICM"
META_GROUP = b"\x02\x00"
LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}  # have a length of four bytes
VRS = {vr.value.encode() for vr in VR if len(vr.value) == 2}
MAX_FIRST_BYTES = 1024  # of the first element of a data set, a length, a character set or an image type
MAX_RATIO = 100  # inflated bytes for each byte of a deflated data set
DEFLATED = "A deflated DICOM file is damaged. Copy or export the series again."
BOMB = "A file inflates far beyond what scans do. It was not read."


def is_dicom(head: bytes) -> bool:
    """Whether a file that starts with `head`, of at least `HEAD_BYTES`, is DICOM, whatever it is called."""
    return head[128:HEAD_BYTES] == b"DICM" or head.startswith(b"DICM\x02\x00") or _syntax_of(head) is not None


def as_file(data: bytes, most: int) -> bytes:
    """A file that `is_dicom` with preamble and meta information, its data set not deflated.

    `most`: bytes that it may inflate to. Raises ScanError (zip_bomb) beyond, (damaged) where it cannot be inflated.
    """
    if data[128:HEAD_BYTES] == b"DICM":
        body = data[HEAD_BYTES:]
    else:
        body = data.removeprefix(b"DICM")
        data = PREAMBLE + body
    if not body.startswith(META_GROUP) and (syntax := _syntax_of(body)):
        return PREAMBLE + _meta(syntax) + body
    for start, value, end in _meta_elements(data):
        if data[start : start + 4] == b"\x02\x00\x10\x00" and value == DeflatedExplicitVRLittleEndian.encode():
            plain = ExplicitVRLittleEndian.encode().ljust(len(value), b"\0")
            head = data[: end - len(value)] + plain
            return _inflated(head, data, end, most)
    return data


def _inflated(head: bytes, data: bytes, end: int, most: int) -> bytes:
    """`head`, the rest of the meta information behind `end`, and the data set inflated."""
    start = max((stop for *_, stop in _meta_elements(data)), default=end)
    packed = data[start:]
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = min(most, max(MAX_RATIO * len(packed), 1024**2))
    try:
        plain = inflater.decompress(packed, limit)
    except zlib.error:
        raise ScanError("damaged", DEFLATED) from None
    if inflater.unconsumed_tail:
        raise ScanError("zip_bomb", BOMB)
    if not inflater.eof:
        raise ScanError("damaged", DEFLATED)
    return head + data[end:start] + plain


def _meta_elements(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Start, padding-free value and end of each element of the file meta information, which is explicit VR."""
    position = HEAD_BYTES
    while data[position : position + 2] == META_GROUP and position + 8 <= len(data):
        long = data[position + 4 : position + 6].decode("ascii", "replace") in LONG
        header, layout = (12, "<I") if long else (8, "<H")
        size = int.from_bytes(data[position + header - struct.calcsize(layout) : position + header], "little")
        end = position + header + size
        yield position, data[position + header : end], end
        position = end


def _meta(syntax: str) -> bytes:
    """File meta information that holds nothing but a transfer syntax."""
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    element = struct.pack("<HH2sH", 2, 0x10, b"UI", len(value)) + value
    return struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(element)) + element


def _syntax_of(body: bytes) -> str | None:
    """The transfer syntax in which a data set, or a file without preamble, seems to be written; None for other bytes.

    It starts with an element of group 8, or of group 2 which is always explicit and little endian.
    """
    for order, group in (("<", b"\x08\x00"), ("<", META_GROUP), (">", b"\x00\x08")):
        if body.startswith(group) and len(body) > 8:
            element, size = struct.unpack_from(f"{order}H", body, 2)[0], struct.unpack_from(f"{order}I", body, 4)[0]
            if element > 0x60:
                return None
            if body[4:6] in VRS:
                return str(ExplicitVRLittleEndian if order == "<" else ExplicitVRBigEndian)
            if group == b"\x08\x00" and size <= MAX_FIRST_BYTES and _goes_on(body[8 + size : 10 + size]):
                return str(ImplicitVRLittleEndian)
    return None


def _goes_on(group: bytes) -> bool:
    """Whether a data set may go on with an element of this group; what lies beyond the bytes at hand may."""
    return len(group) < 2 or group == b"\x08\x00"
