"""What the values of a JSON record have to be, and the words for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """What a value has to be: `fits` tests it, `wanted` says it, as in "percentile must be a number from 0 to 100"."""

    fits: Callable[[Any], bool]
    wanted: str

    def or_null(self) -> "Entry":
        return Entry(lambda value: value is None or self.fits(value), f"{self.wanted}, or null")


def number(low: float, high: float) -> Entry:
    """A finite number, no bool."""
    return Entry(lambda value: _is_number(value) and low <= value <= high, f"a number from {low:g} to {high:g}")


def whole(low: int, high: int) -> Entry:
    return Entry(lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}")


def text(most: int) -> Entry:
    def fits(value: Any) -> bool:
        return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= most

    return Entry(fits, f"a text of 1 to {most} printable characters")


def words() -> Entry:
    """Any text, an empty one too."""
    return Entry(lambda value: isinstance(value, str), "a text")


def truth() -> Entry:
    return Entry(lambda value: isinstance(value, bool), "true or false")


def one_of(values: Any) -> Entry:
    known = list(values)
    return Entry(lambda value: any(value == one and type(value) is type(one) for one in known),
                 f"one of {', '.join(map(str, known))}")  # fmt: skip


def list_of(entry: Entry, most: int) -> Entry:
    return Entry(lambda value: isinstance(value, list) and len(value) <= most and all(map(entry.fits, value)),
                 f"a list, of which each is {entry.wanted}")  # fmt: skip


def mapping(of: Entry | None = None) -> Entry:
    """An object; `of` is what each of its values has to be."""

    def fits(value: Any) -> bool:
        return isinstance(value, dict) and (of is None or all(map(of.fits, value.values())))

    return Entry(fits, f"an object, of which each value is {of.wanted}" if of else "an object")


def misfit(record: Mapping[str, Any], entries: Mapping[str, Entry]) -> str | None:
    """The first value that is missing or not what it has to be, as "KEY must be ..."; None where all are."""
    for key, entry in entries.items():
        if key not in record or not entry.fits(record[key]):
            return f"{key} must be {entry.wanted}"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
