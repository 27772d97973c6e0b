"""A scan that a page looks at, bundled or the user's own, and how it is to be prepared."""

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from uad_core.detect.result_files import subject_label
from uad_core.io.dicom import SeriesEntry
from uad_core.io.paths import SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import Volume
from uad_core.models import STRONGEST
from uad_core.preprocess.from_file import STEPS, PrepareOptions

MARKDOWN = re.compile(r"[^\w\s]")
FIRST = "sub-rawms03"  # what a new visitor sees


@dataclass(frozen=True, eq=False)
class SelectedScan:
    """A scan and how it is to be prepared.

    Attributes:
        label: of the subject, for the names of results; never taken from a file's name that is not BIDS's.
        title: what pages call it, and nothing else: a file's name, which may be a patient's.
        source: the bytes of a NIfTI file, of a zip, or of the files of a DICOM series.
        truth: a reference lesion mask (NIfTI on the scan's grid), or None.
        uploaded: whether the user brought it; else it ships with the project and is simulated.
        truth_notes: sentences on what the labels of the reference were taken for.
        series: those of a DICOM upload, the one that was taken by default marked.
        number: of the user's scans, counted from 1; 0 for one that is not kept.
    """

    label: str
    title: str
    source: bytes | tuple[bytes, ...]
    truth: Path | bytes | None
    prepare_options: PrepareOptions
    uploaded: bool
    truth_notes: tuple[str, ...] = ()
    series: tuple[SeriesEntry, ...] = ()
    number: int = 0

    def read(self) -> Volume:
        """The scan as its file has it. Raises ScanError."""
        return read_scan(self.source, self.prepare_options.series)

    @property
    def heading(self) -> str:
        """The title as Markdown that shows it letter for letter."""
        return MARKDOWN.sub(r"\\\g<0>", self.title)

    def forget(self) -> None:
        """Empty it, also where a tab still holds it."""
        options = replace(self.prepare_options, brain_mask=None, look_mask=None)
        empty = {"source": b"", "title": "", "truth": None, "prepare_options": options, "series": ()}
        for name, value in empty.items():
            object.__setattr__(self, name, value)

    @cached_property
    def key(self) -> str:
        """Identifies the scan and how it is prepared."""
        digest, options = hashlib.sha256(), self.prepare_options
        for part in (self.source,) if isinstance(self.source, bytes) else self.source:
            digest.update(part)
        for mask in (options.brain_mask, options.look_mask):
            digest.update(hashlib.sha256(mask if isinstance(mask, bytes) else b"").digest())
        digest.update(repr([*(getattr(options, step) for step in STEPS), options.series]).encode())
        return digest.hexdigest()


def opens_on(choice: SelectedScan, model: str) -> bool:
    """Whether that is what a new visitor sees: the first of the bundled scans, by the strongest model."""
    return not choice.uploaded and model == STRONGEST and choice.key == bundled(FIRST).key


def bundled_names() -> list[str]:
    """Of the scans that ship, the one shown first in front."""
    names = [path.name.removesuffix("_FLAIR.nii.gz") for path in SAMPLES.glob("*_FLAIR.nii.gz")]
    return sorted(names, key=lambda name: (name != FIRST, name))


def bundled(name: str, prepare_options: PrepareOptions | None = None) -> SelectedScan:
    """A scan that ships with the project."""
    source, lesion = (SAMPLES / f"{name}_FLAIR.nii.gz").read_bytes(), SAMPLES / f"{name}_lesion.nii.gz"
    truth = lesion if lesion.exists() else None
    options = prepare_options or PrepareOptions()
    return SelectedScan(subject_label(name), f"{name}, simulated", source, truth, options, False)
