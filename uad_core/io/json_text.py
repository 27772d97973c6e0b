"""JSON that others wrote: one object, nothing in it twice, and nothing that could not be written or shown again."""

import json
from typing import Any


class NoObjectError(ValueError):
    """A JSON text of a list, a number or a word."""


def parsed(text: str) -> dict[str, Any]:
    """The object in a JSON text. Raises ValueError for any other text, NoObjectError where it is whole JSON.

    Refused are entries that stand twice, NaN and Infinity, texts with half a character (a lone surrogate, which no file
    or page takes), and nesting deeper than Python goes.
    """
    try:
        record = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        if not isinstance(record, dict):
            raise NoObjectError("no object")
        if "\\u" in text:
            json.dumps(record, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("an entry twice")
    return record


def _no_number(word: str) -> float:
    raise ValueError(word)
