"""JSON records that notice when they were damaged: a digest of all that they say stands in them.

The digest is the sha256 of the canonical text (keys sorted, no blanks), so that a record may be written in any layout.
Records from before there was one are taken as they are.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uad_core.io.atomic import write_json
from uad_core.io.json_text import parsed
from uad_core.io.text import decoded, read_bounded

SEAL = "record_sha256"


class DamagedRecordError(ValueError):
    """A text that is no JSON object, has an entry twice, or is not what it was when it was written."""


def digest(record: Mapping[str, Any]) -> str:
    """Of all entries but the digest itself. Raises ValueError for numbers that JSON does not know."""
    kept = {key: value for key, value in record.items() if key != SEAL}
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as JSON holds it, with its digest at its end."""
    kept = {key: value for key, value in json.loads(json.dumps(record)).items() if key != SEAL}
    return kept | {SEAL: digest(kept)}


def write_sealed(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record with its digest, atomically."""
    write_json(path, sealed(record))


def read_record(data: bytes | str) -> dict[str, Any]:
    """The record in a file's text, with its digest if it has one. Raises DamagedRecordError: no object, or no JSON."""
    try:
        text = data if isinstance(data, str) else decoded(data)
        record = parsed(text)
        digest(record)  # of what JSON can hold again
    except ValueError:
        raise DamagedRecordError("no record") from None
    return record


def is_whole(record: Mapping[str, Any]) -> bool:
    """Whether a record is what it was when it was written; one without a digest cannot say otherwise."""
    return bool(record.get(SEAL, digest(record)) == digest(record))


def unsealed(data: bytes | str) -> dict[str, Any]:
    """The record in a file's text, without its digest. Raises DamagedRecordError."""
    record = read_record(data)
    if not is_whole(record):
        raise DamagedRecordError("damaged")
    record.pop(SEAL, None)
    return record


def read_sealed(path: Path) -> dict[str, Any]:
    """What a record's file holds; empty where there is none, or it is damaged."""
    try:
        return unsealed(read_bounded(path))
    except (OSError, ValueError):  # a ValueError also of a path that is none
        return {}
