"""The DICOM files of an upload: in a folder, in an archive or as they come. Counted, capped, and never named.

Nothing is unpacked to the disk and no member's name is used but to tell what kind of file it should be; names that
point outside are refused all the same.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from uad_core.io.archives import BOMB, MAX_FILES, MAX_RATIO, MIN_BOMB_BYTES, members
from uad_core.io.dicom.file_meta import HEAD_BYTES, as_file, is_dicom
from uad_core.io.limits import EMPTY, MAX_BYTES
from uad_core.io.nifti.container import as_archive, inflated, is_gzip, is_image, peek
from uad_core.io.volume import ScanError, refused

TOO_BIG = f"The upload is too large: at most {MAX_BYTES // 1024**2} MB and {MAX_FILES} files are read. Give one series."
UNREADABLE = "The folder cannot be read. Check that it is there and that you may open what is in it."
POINTERS = (b"version https://git-lfs", b"/annex/objects/", b"../.git/annex/")  # stand for content that is elsewhere
SLICE_SUFFIXES = (".dcm", ".dicom", ".ima", ".mr")
SIDE_SUFFIXES = (
    ".txt", ".xml", ".html", ".htm", ".inf", ".ini", ".json", ".log", ".md", ".csv", ".tsv", ".exe", ".css", ".js",
    ".jpg", ".jpeg", ".png", ".pdf", ".lock",
)  # fmt: skip


@dataclass
class Upload:
    """What an upload holds."""

    found: dict[bytes, None] = field(default_factory=dict)  # the distinct DICOM files, in order
    others: int = 0  # files of other kinds, images of other formats among them
    images: int = 0  # of these
    lost: int = 0  # files that should be DICOM and have no content: empty, zeroed, or never fetched
    size: int = 0  # bytes, inflated

    def add(self, data: bytes, name: str = "") -> None:
        """Take in a file. `name`: its own, where it is known. Raises ScanError: too_big, zip_bomb, damaged, corrupt."""
        self._count(len(data))
        if len(self.found) + self.others + self.lost >= MAX_FILES:
            raise ScanError("too_big", TOO_BIG)
        if is_gzip(data) and is_dicom(peek(data, HEAD_BYTES)):
            data = inflated(data, MAX_BYTES + 1)
            self._count(len(data))
        content = without_name(data, name)
        if content is None:
            self.others += 1
        elif is_dicom(content):
            whole = as_file(content, MAX_BYTES - self.size)
            self._count(max(len(whole) - len(content), 0))
            self.found[whole] = None
        elif _has_no_content(content):
            self.lost += 1
        else:
            self.others += 1
            self.images += is_image(content)

    def _count(self, size: int) -> None:
        self.size += size
        if self.size > MAX_BYTES:
            raise ScanError("too_big", TOO_BIG)


def without_name(data: bytes, name: str) -> bytes | None:
    """A file as it counts where names are not kept: no content for what should be a slice and is none.

    None of a file that lies beside slices, such as a text, or a companion of the system's own.
    """
    path = PurePosixPath(name.lower().removesuffix(".gz"))
    if is_dicom(data) or is_gzip(data):
        return data
    if path.name.startswith(".") or path.suffix in SIDE_SUFFIXES:
        return None
    return b"" if path.suffix in SLICE_SUFFIXES else data


def from_files(files: Sequence[bytes]) -> Upload:
    """The upload of files, or of the one archive, zip or tar, that it is. Raises ScanError: empty, and as `add`."""
    if not any(files):
        raise ScanError("empty", EMPTY)
    if len(files) == 1 and (archive := as_archive(files[0])) is not None:
        return _from_archive(archive)
    if len(files) > MAX_FILES:
        raise ScanError("too_big", TOO_BIG)
    upload = Upload()
    for data in files:
        upload.add(bytes(data))
    return upload


def from_folder(folder: Path) -> Upload:
    """The upload of a folder, also below it and behind links: DICOM whole, of other files the first bytes."""
    upload = Upload()
    with refused("unreadable", UNREADABLE, OSError):  # a slice that cannot be read would be missing
        for path in _files_below(folder):
            if path.is_symlink() and not path.exists():
                upload.lost += not path.name.startswith(".")
            else:
                upload.add(_content(path), path.name)
    if not (upload.found or upload.others or upload.lost):
        raise ScanError("empty", EMPTY)
    return upload


def _files_below(folder: Path) -> Iterator[Path]:
    """All files, in the order of their names; each folder once, though links may lead in a circle."""
    seen = set()
    for root, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        place = Path(root).stat()
        if (place.st_dev, place.st_ino) in seen:
            folders.clear()
            continue
        seen.add((place.st_dev, place.st_ino))
        folders.sort()
        yield from (Path(root) / name for name in sorted(names))


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe could be endless
        return b"no file"
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        whole = is_dicom(head) or is_gzip(head) or not any(head)
        if whole and path.stat().st_size > MAX_BYTES:
            raise ScanError("too_big", TOO_BIG)
        return head + file.read() if whole else head


def _from_archive(data: bytes) -> Upload:
    upload, inflated = Upload(), 0
    for name, pieces in members(data, TOO_BIG):
        taken = []
        for piece in pieces:
            inflated += len(piece)
            taken.append(piece)
            if inflated > MAX_BYTES:
                raise ScanError("too_big", TOO_BIG)
            if inflated > max(MAX_RATIO * len(data), MIN_BOMB_BYTES):
                raise ScanError("zip_bomb", BOMB)
            if len(taken) == 1 and any(piece) and not (is_dicom(piece) or is_gzip(piece)):
                break
        if "__MACOSX" not in PurePosixPath(name).parts:
            upload.add(b"".join(taken), PurePosixPath(name).name)
        else:
            upload.others += 1
    return upload


def _has_no_content(data: bytes) -> bool:
    return not data.strip(b"\0") or any(sign in data[:HEAD_BYTES] for sign in POINTERS)


def _raise(error: OSError) -> None:
    raise error
