"""Small text files of any system: what a shell, an editor or a spreadsheet saves."""

import codecs
import errno
import os
from pathlib import Path

MOST_BYTES = 16 * 1024**2
MARKS = (  # byte order marks; UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class NoTextError(ValueError):
    """Bytes that are no text, or more than a small file's."""


def read_text(path: Path) -> str:
    """What a text file holds: UTF-8, UTF-16 or UTF-32 by its mark, else UTF-8 or Windows' Western encoding.

    Raises NoTextError, or OSError where the file cannot be read.
    """
    return decoded(read_bounded(path))


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds, at most `most` bytes and one more, which tells that it holds more. Raises OSError.

    A pipe or a device is no file: to read it could take for ever.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    with path.open("rb") as file:
        return file.read(most + 1)


def decoded(data: bytes) -> str:
    """The text of those bytes. Raises NoTextError."""
    if len(data) > MOST_BYTES:
        raise NoTextError("too large")
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", *_unmarked(data), "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NoTextError("no text")


def _unmarked(data: bytes) -> list[str]:
    """UTF-16 without a mark has a zero in every other byte of plain letters."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    return [] if max(even, odd) < len(data) / 4 else ["utf-16-be" if even > odd else "utf-16-le"]
