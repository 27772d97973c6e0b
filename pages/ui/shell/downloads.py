"""Files to take home: one of several, or all in an archive."""

import io
import zipfile
from collections.abc import Mapping


def ending_in(ending: str, files: Mapping[str, bytes]) -> bytes:
    """The first file whose name ends so."""
    return next(data for name, data in files.items() if name.endswith(ending))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """All of them as a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
