"""The files of a comparison of two dates: changed regions on the first scan's own grid, a table, a page to print."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, versions
from uad_core.detect.report.pictures import Mark, marks_beside
from uad_core.detect.result_files import CHANGE, PAIR, REPORT, result_stem, scan_sha256
from uad_core.io.nifti import encode_nifti
from uad_core.pipeline.change import STATUSES, RegionChange, TwoDates
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig
from uad_core.render.change import change_overlay
from uad_core.render.html import Table, render_html
from uad_core.render.slices import crop_box, marked_png

TEMPLATE = Path(__file__).parent / "report" / "followup.html"
MOST_PICTURES, MOST_ROWS = 6, 30
COLUMNS: dict[str, str] = {
    "index": "Number of the region: the changed ones first, then by size.",
    "name": "What became of it.",
    "before_mm3": "Volume at the first date, in the patient's brain.",
    "after_mm3": "Volume at the second date.",
    "came_mm3": "Flagged at the second date, and brighter than at the first beyond noise.",
    "went_mm3": "Flagged at the first date, and darker at the second beyond noise.",
    "grey": "By how much the changed voxels became brighter against their surroundings, normalised intensity.",
    "x_mm": "Centre in the first scan's own world, to the patient's right.",
    "y_mm": "The same, to anterior.",
    "z_mm": "The same, to superior.",
    "side": "The patient's side.",
    "tissues": "The template's tissues in which it lies.",
}
VOLUMES = "A region that changed clearly counts down to a tenth of the threshold: it may hold more than is flagged."
READ = ("#", "change", "before, mm³", "after, mm³", "grey", "side", "level", "place")


def follow_up_files(
    before: Reconstruction,
    after: Reconstruction,
    dates: TwoDates,
    config: DetectConfig,
    label: str,
    doubts: Sequence[str],
) -> dict[str, bytes]:
    """All result files by name. In the image a voxel is 0 or the place of its status in `STATUSES`, from 1."""
    stem = f"{result_stem(label, before.checkpoint.name)}{CHANGE}"
    codes = np.zeros(len(dates.regions) + 1, np.uint8)
    for region in dates.regions:
        codes[region.number] = STATUSES.index(region.status) + 1
    image = before.prepared.to_scan(codes[dates.labels], order=0)
    record = change_record(before, after, dates, config, doubts)
    table = ["\t".join(COLUMNS), *("\t".join(map(str, _values(region))) for region in dates.regions)]
    sidecar = {name: {"Description": text} for name, text in COLUMNS.items()}
    return {
        f"{stem}_dseg.nii.gz": encode_nifti(image, before.prepared.scan),
        f"{stem}_dseg.tsv": ("\n".join(table) + "\n").encode(),
        f"{stem}_dseg.json": (json.dumps(sidecar | {"Change": record}, indent=1, ensure_ascii=False) + "\n").encode(),
        f"{stem}{REPORT}": follow_up_report(before, after, dates, label, record),
    }


def change_record(
    before: Reconstruction, after: Reconstruction, dates: TwoDates, config: DetectConfig, doubts: Sequence[str]
) -> dict[str, Any]:
    """How it came about; nothing about the patient."""
    return {
        "Use": RESEARCH_ONLY,
        "Result": dates.sentence,
        "Codes": {str(number): status for number, status in enumerate(STATUSES, 1)},
        **{key: scan_sha256(one.prepared.scan) for key, one in zip(PAIR, (before, after), strict=True)},
        "Checkpoint": {"Name": before.checkpoint.name, "Identity": before.checkpoint.identity},
        "Detection": asdict(config),
        "Threshold": dates.before.threshold,
        "Percentile": dates.before.percentile,
        "GreyNoise": round(dates.noise, 5),
        "GreyLimit": round(dates.grey_limit, 5),
        "FlaggedMl": [round(dates.before.flagged_ml, 3), round(dates.after.flagged_ml, 3)],
        "Warnings": list(doubts),
        "Versions": versions(),
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def widest(dates: TwoDates, region: RegionChange) -> int:
    """Index of the level at which the region is widest."""
    return int(np.count_nonzero(dates.labels == region.number, axis=(1, 2)).argmax())


def change_rows(dates: TwoDates, before: Reconstruction) -> list[dict[str, str | float]]:
    """For a reader: `READ` of each region, numbers rounded."""
    levels = before.prepared.slab.levels
    rows: list[dict[str, str | float]] = []
    for one in dates.regions:
        level = levels[widest(dates, one)]
        values = (one.number, one.status, round(one.before_mm3), round(one.after_mm3), round(one.grey, 3), one.side,
                  level, one.tissues)  # fmt: skip
        rows.append(dict(zip(READ, values, strict=True)))
    return rows


def follow_up_report(
    before: Reconstruction, after: Reconstruction, dates: TwoDates, label: str, record: dict[str, Any]
) -> bytes:
    """One page of HTML, UTF-8, with its pictures inside."""
    rows = change_rows(dates, before)
    return render_html(
        TEMPLATE,
        use=RESEARCH_ONLY,
        label=label,
        sentence=dates.sentence,
        warnings=record["Warnings"],
        slices=_slices(before, after, dates),
        volumes=VOLUMES,
        levels=before.prepared.slab.levels,
        regions=Table(READ, [[str(value) for value in row.values()] for row in rows[:MOST_ROWS]]),
        rest=max(len(rows) - MOST_ROWS, 0),
        record=record,
    ).encode()


@dataclass(frozen=True)
class DatesSlice:
    """PNGs of the report: both dates, the second alone with the change to lay over it; and the regions' numbers."""

    caption: str
    first: bytes
    second: bytes
    scan: bytes
    change: bytes
    marks: tuple[Mark, ...]


def _slices(before: Reconstruction, after: Reconstruction, dates: TwoDates) -> list[DatesSlice]:
    """The levels at which the first regions are widest."""
    shown: dict[int, str] = {}
    for region in dates.regions:
        words = f"region {region.number}, {region.status}"
        level = widest(dates, region)
        shown[level] = f"{shown[level]}; {words}" if level in shown else words
        if len(shown) == MOST_PICTURES:
            break
    rows, columns = crop_box(before.prepared.brain_mask)
    slices = []
    for index, words in sorted(shown.items()):
        box = (index, rows, columns)
        first, second = (
            marked_png(one.prepared.array[box], mask=found.mask[box])
            for one, found in ((before, dates.before), (after, dates.after))
        )
        labels = dates.labels[box]
        down, across = np.nonzero(labels)
        marks = marks_beside(down, across, labels[down, across], labels.shape)
        level = before.prepared.slab.levels[index]
        change = change_overlay(before.prepared, dates, index)
        slices.append(
            DatesSlice(f"Level {level}: {words}", first, second, marked_png(after.prepared.array[box]), change, marks)
        )
    return slices


def _values(one: RegionChange) -> tuple[str | float, ...]:
    numbers = (one.before_mm3, one.after_mm3, one.came_mm3, one.went_mm3, round(one.grey, 4), *one.centre_mm)
    return (one.number, one.status, *numbers, one.side, one.tissues)
