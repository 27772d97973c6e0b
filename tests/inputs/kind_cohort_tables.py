"""cohort.json and participants.tsv as PowerShell, Excel and other hands save them."""

from __future__ import annotations

import json

from tests.support.cohort_files import cohort_of, grouped
from tests.support.input_case import REFUSED, InputCase
from uad_core.cohorts.cohort import open_cohort

KIND = "Cohort folders: tables"
SCANS = tuple(f"sub-{i}_FLAIR.png" for i in range(4))
TABLE = "participant_id\tanatomy\nsub-0\ta\nsub-1\ta\nsub-2\tb\nsub-3\tb\n"
WIDE, REMARKS = TABLE.replace("\t", "\t7\t"), TABLE.replace("anatomy", "remark")
PAIRS = [{"sub-0", "sub-1"}, {"sub-2", "sub-3"}]
ALONE = [{f"sub-{i}"} for i in range(4)]
ABOUT = {"name": "mine", "simulated": True, "level": 80}
UTF8_MARK = b"\xef\xbb\xbf"


def table(tried, text, groups=PAIRS):
    def run(folder):
        assert grouped(cohort_of(folder / "c", *SCANS, participants=text)) == groups
        return ()

    return InputCase(tried, run)


def bad_table(tried, text, *words):
    return InputCase(tried, lambda folder: grouped(cohort_of(folder / "c", *SCANS, participants=text)) and (),
                     REFUSED, words)  # fmt: skip


def about(tried, text, name="mine", simulated=True, level=80):
    def run(folder):
        cohort = open_cohort(cohort_of(folder / "c", *SCANS, cohort=text))
        assert (cohort.name, cohort.simulated, cohort.subjects[0].level) == (name, simulated, level)
        return ()

    return InputCase(tried, run)


def bad_about(tried, text, *words):
    return InputCase(tried, lambda folder: open_cohort(cohort_of(folder / "c", *SCANS, cohort=text)) and (),
                     REFUSED, words)  # fmt: skip


def said(**changes):
    return json.dumps(ABOUT | changes)


CASES = [
    table("participants.tsv as it should be", TABLE),
    table("with a byte order mark", UTF8_MARK + TABLE.encode()),
    table("in UTF-16, as Excel's Unicode text", TABLE.encode("utf-16")),
    table("in UTF-16 without a mark", TABLE.encode("utf-16-le")),
    table("in the Western encoding of Windows", TABLE.replace("\ta\n", "\tKöln\n").encode("cp1252")),
    table("with semicolons", TABLE.replace("\t", ";")),
    table("with commas and quotes", TABLE.replace("\t", ",").replace("sub-0", '"sub-0"')),
    table("with Windows' line ends", TABLE.replace("\n", "\r\n")),
    table("ids without sub-", TABLE.replace("sub-", "")),
    table("ids in upper case", TABLE.replace("sub-", "SUB-")),
    table("another word for the column", TABLE.replace("participant_id", "Subject")),
    table("blanks around words, empty rows", TABLE.replace("\t", " \t ") + "\n\t\n"),
    table("a participant twice, alike", TABLE + "sub-0\ta\n"),
    table("rows of people who are not there", TABLE + "sub-9\ta\n"),
    table("no column of anatomies", TABLE.replace("anatomy", "age"), ALONE),
    table("an empty file", b"", ALONE),
    table(
        "n/a for anatomies that are not known",
        TABLE.replace("\ta\n", "\tn/a\n"),
        [{"sub-0"}, {"sub-1"}, {"sub-2", "sub-3"}],
    ),
    table("Excel's line on what separates columns", "sep=;\n" + TABLE.replace("\t", ";")),
    table("a sign before the columns' names", "#" + TABLE),
    bad_table("a sign between columns that is not known", TABLE.replace("\t", "|"), "which participant has which"),
    bad_table("blanks between columns", TABLE.replace("\t", "  "), "which participant has which"),
    bad_table("a line before the columns' names", "# of 2019\n" + TABLE, "which participant has which"),
    bad_table("a column anatomy_id", TABLE.replace("anatomy", "anatomy_id"), "which participant has which"),
    bad_table(
        "a row that lacks a cell", TABLE.replace("\t", "\t7\t").replace("sub-1\t7", "sub-1"), "which participant"
    ),
    table("a last row of one cell", TABLE + "sub-4\n"),
    table(
        "a quote in a remark, and no anatomies", TABLE.replace("anatomy", "remark").replace("\ta\n", '\t"x" y\n'), ALONE
    ),
    table("a column anatomical_qc", TABLE.replace("anatomy", "anatomical_qc"), ALONE),
    bad_table("a quote that is not closed", TABLE.replace("\ta\n", '\t"a\n', 1), "is no table"),
    bad_table("a participant in two anatomies", TABLE + "sub-0\tb\n", "two anatomies"),
    bad_table("anatomies without ids", TABLE.replace("participant_id", "number"), "no column participant_id"),
    bad_table("ids of another naming", TABLE.replace("sub-", "patient"), "names of the scans"),
    bad_table("a spreadsheet's own format", b"PK\x03\x04\x00\x00" + bytes(range(256)) * 9, "is no table"),
    about("cohort.json as it should be", said()),
    about("cohort.json with a byte order mark", UTF8_MARK + said().encode()),
    about("cohort.json in UTF-16, as PowerShell writes it", said().encode("utf-16")),
    about("numbers and booleans as texts", said(simulated="true", level="80")),
    about("a boolean as yes, a level as 80.0", said(simulated="Yes", level=80.0)),
    about("a boolean as the text false", said(simulated="false"), simulated=False),
    about("null for what is not known", said(name=None, level=None, simulated=None), "c", False, 87),
    about("a number for the name", said(name=7), "7"),
    about("names in upper case and with blanks", '{"Name": "mine", "Simulated ": true, "LEVEL": 80}'),
    bad_about("a name that is misspelt", '{"simulate": true}', '"simulated" may be meant'),
    bad_about("a list in place of an object", "[1]", "holds names and values"),
    bad_about("half of a file", said()[:20], "damaged"),
    bad_about("an entry twice", '{"name": "a", "name": "b"}', "damaged"),
    bad_about("bytes at random", bytes(range(256)), "damaged"),
    bad_about("a nest of ten thousand lists", "[" * 10_000, "damaged"),
    bad_about("perhaps, for a boolean", said(simulated="perhaps"), '"simulated" must be true or false'),
    bad_about("a level above the head", said(level=999), '"level" must be a whole number'),
    bad_about("a level between two", said(level="80,5"), '"level" must be a whole number'),
    bad_about("a list for the name", said(name=["a"]), '"name" must be a text'),
    bad_about("a line end in the name", said(name="a\nb"), '"name" must be a text'),
]
