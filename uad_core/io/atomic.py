"""Files that are either the old one or the new one, never half of it."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name beside `path`, sync it to the disk, and rename it to `path`.

    Its owner alone can read it (mode 0600): it may show a patient's brain. After an OSError `path` is as it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def half_written(folder: Path, pattern: str) -> list[Path]:
    """What processes that were killed while they wrote files of such names left in `folder`."""
    return list(folder.glob(f".{pattern}.*.tmp"))


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write `record` as readable JSON, atomically."""
    write_atomically(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
