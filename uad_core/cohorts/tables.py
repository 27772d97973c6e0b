"""cohort.json and participants.tsv, as editors, spreadsheets and shells of any system save them."""

import csv
import io
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from uad_core.atlas.space import ATLAS_SHAPE, MNI_18_LEVEL
from uad_core.cohorts.names import comparable
from uad_core.io.json_text import NoObjectError, parsed
from uad_core.io.text import NoTextError, read_text
from uad_core.io.volume import ScanError

MOST_NAME = 100
IDS = ("participant_id", "participant", "subject_id", "subject", "id")
NOT_KNOWN = ("", "n/a", "na", "nan", "none", "null", "unknown", "-", ".", "?")
TRUTHS = ("simulated", "prepared")
EXCEL = re.compile(r"\Asep=.\r?\n")  # tells a spreadsheet which sign separates columns
ANATOMY = re.compile(r"(?<![a-z])(anatomy|anatomies|anatomie|anatomy[-_ ]?id)(?![a-z_])")
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class About:
    """What cohort.json says; the rest of it is nobody's business here."""

    name: str | None = None
    simulated: bool = False
    prepared: bool = False
    level: int = MNI_18_LEVEL


def read_about(folder: Path) -> tuple[About, dict[str, Any]]:
    """What a folder's cohort.json says, and all that it holds; nothing without one. Raises ScanError."""
    path = _called(folder, "cohort.json")
    if path is None:
        return About(), {}
    try:
        record = parsed(read_text(path))
    except NoObjectError:
        raise ScanError("cohort", 'A cohort.json holds names and values, such as {"name": "my cohort"}.') from None
    except (ValueError, OSError):
        raise ScanError(
            "cohort", "The cohort.json is damaged, or cannot be read. Write it anew, or remove it."
        ) from None
    given = {comparable(key).strip(): value for key, value in record.items() if value is not None}
    for key in (key for key, value in given.items() if str(value).casefold() in WORDS):
        if meant := [word for word in get_close_matches(key, TRUTHS, cutoff=0.84) if word != key]:
            raise ScanError("cohort", f'In cohort.json a name means nothing; "{meant[0]}" may be meant. Correct it.')
    about = About(
        _name(given.get("name")),
        _truth(given, "simulated"),
        _truth(given, "prepared"),
        _level(given.get("level", MNI_18_LEVEL)),
    )
    return about, record


def read_anatomies(folder: Path, subjects: dict[str, str]) -> dict[str, str]:
    """Subject's key -> anatomy, of those in participants.tsv that have one; `subjects`: key -> key of the person.

    Tabs, semicolons or commas; "n/a" for what is not known; ids with or without `sub-`, of a subject or of a person.
    Raises ScanError: no table, one that contradicts itself, or ids that are not those of the scans.
    """
    path = _called(folder, "participants.tsv", "participants.csv")
    rows = _rows(path) if path else []
    if not rows or "anatomy" not in rows[0]:
        return {}
    column = next((name for name in IDS if name in rows[0]), None)
    if column is None:
        raise ScanError("cohort", "The participants.tsv has no column participant_id, so its anatomies are nobody's.")
    known: dict[str, str] = {}
    for row in rows:
        name, anatomy = _plain(row[column]), row["anatomy"]
        if name and anatomy.casefold() not in NOT_KNOWN and known.setdefault(name, anatomy) != anatomy:
            raise ScanError("cohort", "The participants.tsv gives one participant two anatomies. Correct it.")
    found = {}
    for key, person in subjects.items():
        names = [name for name in (_plain(key), _plain(person)) if name in known]
        if names:
            found[key] = known[names[0]]
    met = {_plain(name) for key in found for name in (key, subjects[key])}
    listed = {_plain(row[column]) for row in rows}
    strangers = [key for key, person in subjects.items() if not {_plain(key), _plain(person)} & listed]
    if strangers and set(known) - met:
        apart = "The participants.tsv has anatomies of participants who are not in the folder, and lacks some who are."
        raise ScanError("cohort", f"{apart} Give its participant_id the names of the scans: <participant_id>_FLAIR.")
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows by lower-case column, without blanks around words."""
    try:
        text = EXCEL.sub("", read_text(path))
        head = text.partition("\n")[0]
        delimiter = next((sign for sign in "\t;," if sign in head), "\t")
        table = _table(text, delimiter)
    except (NoTextError, OSError, csv.Error):
        raise ScanError("cohort", "The participants.tsv is no table, or cannot be read. Save it as text.") from None
    table = [row for row in table if any(row)]
    columns = [comparable(cell).removeprefix("#").strip() for cell in table[0]] if table else []
    table = [row for row in table if not row[0].startswith("#") or row is table[0]]
    unclear = "anatomy" not in columns and ANATOMY.search(" ".join(text.casefold().splitlines()[:2]))
    if unclear or ("anatomy" in columns and any(1 < len(row) < len(columns) for row in table)):
        unread = "The participants.tsv seems to speak of anatomies, and which participant has which is not clear."
        raise ScanError("cohort", f"{unread} Separate its columns by tabs, and name them participant_id and anatomy.")
    return [dict(zip(columns, row + [""] * len(columns), strict=False)) for row in table[1:]]


def _table(text: str, delimiter: str) -> list[list[str]]:
    """Cells without blanks around them. Raises csv.Error for quotes that are not closed, if anatomies are at stake."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        if ANATOMY.search(text.casefold()):
            raise
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    return [[cell.strip() for cell in row] for row in rows]


def _called(folder: Path, *names: str) -> Path | None:
    """The file of the first of these names that is there, in upper or lower case."""
    there = {comparable(path.name): path for path in sorted(folder.iterdir(), reverse=True)}
    return next((there[name] for name in names if name in there), None)


def _plain(name: str) -> str:
    return comparable(name).removeprefix("sub-")


def _name(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not (0 < len(text) <= MOST_NAME and text.isprintable()):
        raise ScanError("cohort", f'In cohort.json "name" must be a text of 1 to {MOST_NAME} printable characters.')
    return text


def _truth(given: dict[str, Any], key: str) -> bool:
    value = given.get(key, False)
    word = str(value).strip().casefold() if isinstance(value, str | bool | int) else ""
    if word not in WORDS:
        raise ScanError("cohort", f'In cohort.json "{key}" must be true or false.')
    return WORDS[word]


def _level(value: object) -> int:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if not (number == round(number) if abs(number) < 1e6 else False) or not 0 <= number < ATLAS_SHAPE[0]:
        raise ScanError("cohort", f'In cohort.json "level" must be a whole number from 0 to {ATLAS_SHAPE[0] - 1}.')
    return int(number)
