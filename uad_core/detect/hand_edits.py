"""What a hand did to a mask, as a result's JSON holds it under `ByHand`, and read from there again.

So the JSON beside a corrected mask is all that is needed to make the same mask again: `detect --edits FILE`.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from uad_core.detect.result_files import scan_sha256
from uad_core.io.json_text import parsed
from uad_core.io.text import decoded, read_bounded
from uad_core.io.volume import ScanError, Volume
from uad_core.pipeline.edits import VOXELS, MaskEdits
from uad_core.pipeline.segment import Segmentation

KEY = "ByHand"
SETS = {"Added": "added", "Removed": "removed", "Dismissed": "dismissed"}  # of the record -> of `MaskEdits`
MOST_BYTES, MOST_DEEDS = 8_000_000, 10_000  # of a file that is read
RUNS = re.compile(r"(?:[0-9]{1,8}:[0-9]{1,8}(?: |$))*")
DEED = re.compile("[a-z ]{1,20}")
ABOUT = (
    "What a hand did to the mask. Runs of voxels, first:number, in the raveled (155, 256, 256) grid of the prepared "
    "whole brain; Dismissed are those of Removed that went with a region as a whole."
)


def edits_record(segmentation: Segmentation) -> dict[str, Any] | None:
    """For the provenance: what was done, how much of the mask it is, which regions it met, and every voxel."""
    edits = segmentation.edits
    if edits is None:
        return None
    touched = [
        {"Number": one.number, "How": one.by_hand, "VolumeMm3": one.volume_mm3}
        for one in segmentation.lesions
        if one.by_hand != "no"
    ]
    return {
        "About": ABOUT,
        "Deeds": list(edits.deeds),
        "AddedMl": round(segmentation.added_ml, 3),
        "RemovedMl": round(segmentation.removed_ml, 3),
        "Regions": touched,
        **{name: _runs(getattr(edits, attribute)) for name, attribute in SETS.items()},
    }


def read_edits(path: Path, scan: Volume) -> MaskEdits:
    """The edits of a result's JSON. Raises ScanError (`edits`): no such file, or it is another scan's."""
    wrong = ScanError("edits", "The file with edits is not one: give the _mask.json of a mask that was corrected.")
    try:
        record = parsed(decoded(read_bounded(path, MOST_BYTES)))
        kept = record[KEY]
        deeds = tuple(kept["Deeds"])
        voxels = {attribute: _voxels(kept[name]) for name, attribute in SETS.items()}
    except (ValueError, KeyError, TypeError):
        raise wrong from None
    if len(deeds) > MOST_DEEDS or not all(isinstance(deed, str) and DEED.fullmatch(deed) for deed in deeds):
        raise wrong
    if np.intersect1d(voxels["added"], voxels["removed"]).size:
        raise wrong
    if record.get("ScanSha256") != scan_sha256(scan):
        raise ScanError("edits", "The edits belong to another scan. Give the _mask.json of this scan's own results.")
    return MaskEdits(**voxels, deeds=deeds)


def by_hand(segmentation: Segmentation) -> str:
    """What a hand did, for a sentence; empty where it did nothing."""
    edits = segmentation.edits
    if edits is None:
        return ""
    steps = f"{len(edits.deeds)} step{'s' * (len(edits.deeds) != 1)}"
    return f"{segmentation.added_ml:.2f} ml added, {segmentation.removed_ml:.2f} ml taken away in {steps}"


def _runs(voxels: np.ndarray) -> str:
    starts = np.flatnonzero(np.diff(voxels, prepend=-2) != 1)
    lengths = np.diff(starts, append=voxels.size)
    return " ".join(f"{voxels[at]}:{length}" for at, length in zip(starts, lengths, strict=True))


def _voxels(runs: str) -> np.ndarray:
    """Raises ValueError and TypeError for what is no list of runs within the grid."""
    if not RUNS.fullmatch(runs):
        raise ValueError("no runs of voxels")
    pairs = [tuple(map(int, run.split(":"))) for run in runs.split()]
    if sum(length for _, length in pairs) > VOXELS or any(first + length > VOXELS for first, length in pairs):
        raise ValueError("runs beyond the grid")
    spans = [np.arange(first, first + length, dtype=np.int32) for first, length in pairs]
    return np.unique(np.concatenate([np.zeros(0, np.int32), *spans]))
