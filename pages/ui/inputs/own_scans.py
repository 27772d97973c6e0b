"""The scans that the user brought: kept for this browser, in the order in which they came."""

import re
import unicodedata
from dataclasses import replace
from itertools import count

from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.shell import keys
from pages.ui.shell.jobs import jobs
from pages.ui.shell.tasks import kept
from pages.ui.shell.visitors import visitor
from uad_core.detect.result_files import NAMELESS, subject_label
from uad_core.io.dicom.container import without_name
from uad_core.preprocess.from_file import PrepareOptions

ENDINGS = re.compile(r"\.(nii|mgh|mgz|nrrd|dcm|zip|tar|tgz|gz)$", re.IGNORECASE)
LONGEST = 60  # characters of a title


class OwnScans:
    """Number -> scan; a scan that takes another's place empties that one, as a tab may still hold it."""

    def __init__(self) -> None:
        self.scans: dict[int, SelectedScan] = {}
        self.latest = 0  # the one that was brought or picked last, in any tab
        self._numbers = count(1)

    def add(self, scan: SelectedScan) -> SelectedScan:
        """Keep it under a number of its own, which it gets here; the same file again is the scan that is there."""
        again = next((one for one in self.scans.values() if one.key == scan.key), None)
        kept_scan = again or self.put(replace(scan, title=self._free(scan.title), number=next(self._numbers)))
        self.latest = kept_scan.number
        return kept_scan

    def put(self, scan: SelectedScan) -> SelectedScan:
        """Keep it in the place of the one of its number; what a tab made of one that is gone or changed is left out."""
        before = self.scans.get(scan.number)
        if not scan.source:  # emptied by another tab
            return before or scan
        self.scans[scan.number] = scan
        if before is not None and before is not scan:
            before.forget()
        return scan

    def drop(self, number: int) -> None:
        """Forget one, with what was made of it."""
        if scan := self.scans.pop(number, None):
            jobs().forget_results(visitor(), scan.key)
            kept().pop(f"{keys.EDITS} {scan.key}", None)
            scan.forget()
        self.latest = max(self.scans, default=0)

    def forget(self) -> None:
        """Empty all."""
        for number in list(self.scans):
            self.scans.pop(number).forget()

    def _free(self, title: str) -> str:
        """The title, with a number where another scan has it."""
        taken = {one.title for one in self.scans.values()}
        return next(one for one in (title, *(f"{title} ({n})" for n in range(2, len(taken) + 3))) if one not in taken)


def own_scans() -> OwnScans:
    """Of this browser."""
    own: OwnScans = kept().setdefault(keys.UPLOADED, OwnScans())
    return own


def as_scan(names: list[str], contents: list[bytes]) -> SelectedScan:
    """The scan in uploaded files: one file, or those of a DICOM series, whatever lies beside them."""
    several = [without_name(data, name) for data, name in zip(contents, names, strict=True)] if len(names) > 1 else []
    parts = tuple(data for data in several if data is not None) or tuple(contents)
    label, title = (subject_label(names[0]), title_of(names[0])) if len(names) == 1 else (NAMELESS, "DICOM series")
    return SelectedScan(label, title, parts[0] if len(parts) == 1 else parts, None, PrepareOptions(), True)


def title_of(file_name: str) -> str:
    """A file's name without its folder and endings, short, and of characters that can be seen."""
    title = visible(file_name.replace("\\", "/").rsplit("/", 1)[-1])
    while ENDINGS.search(title):
        title = ENDINGS.sub("", title)
    return title[:LONGEST] or NAMELESS


def visible(text: str) -> str:
    """Without control characters, and those that turn the direction of writing."""
    return "".join(one for one in text if unicodedata.category(one)[0] != "C").strip()


def renamed(scan: SelectedScan, title: str) -> SelectedScan:
    """Under a name that the user typed, which names results, too: what BIDS keeps of it, or its letters and digits."""
    title = visible(title)[:LONGEST]
    bids = subject_label(title)
    label = bids if bids != NAMELESS else re.sub(r"[^0-9a-zA-Z]", "", title)
    return replace(scan, title=title or scan.title, label=label or scan.label)
