"""The start of a DICOM file: recognised with or without its preamble, and made whole, before pydicom sees it.

Some archives and programs leave out the preamble, "DICM" or the whole file meta information (PS3.10, section 7.1); what
is behind them is the same data set. A deflated data set is inflated here, since pydicom would inflate it without end.
"""

import struct
import zlib

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import VR

from uad_core.io.archives import BOMB, MAX_RATIO, MIN_BOMB_BYTES
from uad_core.io.volume import ScanError

HEAD_BYTES = 132  # of a DICOM file, which has b"DICM" at their end
PREAMBLE = bytes(128) + b"DICM"
META_GROUP = b"\x02\x00"
SYNTAX_ELEMENT = b"\x10\x00"
LONG = (
    b"OB",
    b"OD",
    b"OF",
    b"OL",
    b"OV",
    b"OW",
    b"SQ",
    b"SV",
    b"UC",
    b"UN",
    b"UR",
    b"UT",
    b"UV",
)  # four bytes of length
VRS = {vr.value.encode() for vr in VR if len(vr.value) == 2}
MAX_FIRST_BYTES = 1024  # of the first element of a data set, a length, a character set or an image type
DEFLATED = "A deflated DICOM file is damaged. Copy or export the series again."


def is_dicom(head: bytes) -> bool:
    """Whether a file that starts with `head`, of at least `HEAD_BYTES`, is DICOM, whatever it is called."""
    return head[128:HEAD_BYTES] == b"DICM" or head.startswith(b"DICM\x02\x00") or _syntax_of(head) is not None


def as_file(data: bytes, most: int) -> bytes:
    """A file that `is_dicom` with preamble, no more meta information than its transfer syntax, and nothing deflated.

    `most`: bytes that it may inflate to. Raises ScanError (zip_bomb) beyond, (damaged) where it cannot be inflated.
    """
    body = data[HEAD_BYTES:] if data[128:HEAD_BYTES] == b"DICM" else data.removeprefix(b"DICM")
    syntax, start = _meta_information(body)
    content = body[start:]
    if syntax == DeflatedExplicitVRLittleEndian.encode():
        syntax, content = ExplicitVRLittleEndian.encode(), _inflated(content, most)
    return PREAMBLE + _meta(syntax or (_syntax_of(content) or "").encode()) + content


def _inflated(packed: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(packed, min(most, max(MAX_RATIO * len(packed), MIN_BOMB_BYTES)))
    except zlib.error:
        raise ScanError("damaged", DEFLATED) from None
    if inflater.unconsumed_tail:
        raise ScanError("zip_bomb", BOMB)
    if not inflater.eof:
        raise ScanError("damaged", DEFLATED)
    return plain


def _meta_information(body: bytes) -> tuple[bytes, int]:
    """The transfer syntax in the file meta information, which is explicit VR, empty if there is none; and its end."""
    syntax, position = b"", 0
    while body[position : position + 2] == META_GROUP and position + 8 <= len(body):
        long = body[position + 4 : position + 6] in LONG
        start = position + (12 if long else 8)
        size = int.from_bytes(body[start - (4 if long else 2) : start], "little")
        if body[position + 2 : position + 4] == SYNTAX_ELEMENT:
            syntax = body[start : start + size].strip(b"\0 ")
        position = start + size
    return syntax, position


def _meta(syntax: bytes) -> bytes:
    """File meta information that holds nothing but a transfer syntax."""
    value = syntax + b"\0" * (len(syntax) % 2)
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
