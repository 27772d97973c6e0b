"""Can results be written there? Asked before minutes are spent on them."""

import tempfile
from pathlib import Path

from uad_core.io.volume import ScanError


def check_folder(folder: Path, here: str = "the results should go") -> None:
    """Raises ScanError (`output`) where no file could be written to `folder`, which need not exist; nothing is left."""
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists() or path.is_symlink())
        if not there.is_dir():
            raise ScanError("output", f"A file or a broken link stands where {here}. Name another folder.")
        with tempfile.TemporaryFile(dir=there):
            pass
        if not folder.exists() and (len(folder.name.encode()) > 255 or "\0" in str(folder)):
            raise ScanError("output", "No folder can have the name that the one for the results has. Name another one.")
    except (OSError, ValueError) as error:  # a ValueError for names that no file can have
        if isinstance(error, ScanError):
            raise
        denied = f"Nothing can be written where {here}."
        raise ScanError("output", f"{denied} Name a folder that you may write to, on a disk with space.") from None


def check_file(path: Path) -> None:
    """Raises ScanError (`output`) where no file could be written at `path`, which need not exist."""
    try:
        folder = path.is_dir()
    except (OSError, ValueError):
        folder = False
    if folder or not path.name:
        raise ScanError("output", "A folder stands where the file should be written. Name a file in it.")
    if len(path.name.encode(errors="replace")) > 200:  # a temporary name beside it is longer
        raise ScanError("output", "The name of the file to write is too long. Name another one.")
    check_folder(path.parent)
