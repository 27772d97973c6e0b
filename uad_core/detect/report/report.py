"""The page itself, from the warning on top to the command that makes it again."""

from __future__ import annotations

from html import escape
from typing import Any

from uad_core import RESEARCH_ONLY
from uad_core.detect.provenance import provenance
from uad_core.detect.report import markup, tables
from uad_core.detect.report.chart import histogram_svg
from uad_core.detect.report.pictures import shown_slices
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation

NONE_FOUND = "No voxel above the threshold."
NOT_HEALTHY = (
    "That is all it says: lesions as grey as healthy tissue, and those that a model reconstructs, leave no residual."
)
A_PLACE_TO_LOOK = (
    "A flagged region is a place to look, not a finding: a percentile flags its share of every brain, healthy ones "
    "too. Healthy ml are counted before small regions are removed."
)
LEGEND = (
    "Left the scan as the model saw it, right the same with what was flagged. R and L are the patient's sides "
    "(radiological convention). Levels are millimetres of the SRI24 atlas and grow towards the crown."
)
COLUMNS = (
    "Volume in the patient's brain. Place: where most of a region lies in the template, to which the scan was "
    "registered; periventricular within 5 mm of its ventricles. Centre in the scan's own millimetres: to the patient's "
    "right, to anterior, to superior. Peak of the residual, not filtered."
)
HISTOGRAM = (
    "Voxels within the eroded brain mask; brain tissue lies at 0.5. The last bin holds all above it. The percentile is "
    "that of the healthy line."
)


def scan_report(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    label: str,
    command: str = "",
    record: dict[str, Any] | None = None,
) -> bytes:
    """One detection as a page of HTML, UTF-8, with its pictures inside.

    Args:
        label: the BIDS subject label; the only word on the page that names the scan.
        command: how to run this again; left out where empty.
        record: its provenance, where that has been made already.
    """
    record = record or provenance(reconstruction, segmentation, config, command)
    checkpoint, found = reconstruction.checkpoint, bool(segmentation.lesions)
    made = f"{checkpoint.name}, {record['Created'].replace('T', ' ').replace('+00:00', ' UTC')}"
    doubts = tables.doubts(reconstruction, record)
    regions = markup.section(
        "Regions, largest first",
        markup.table("regions", tables.REGION_HEADINGS, tables.region_rows(segmentation, reconstruction)),
        markup.sentence(f"{tables.rest(segmentation)} {COLUMNS}".strip()),
    )
    residuals = markup.section(
        "Residuals",
        histogram_svg(reconstruction, segmentation, config),
        markup.sentence(HISTOGRAM),
        markup.sentence(f"The model, {checkpoint.name}: {checkpoint.spec.idea} {checkpoint.spec.weakness}"),
    )
    setting = markup.section("Setting", markup.facts(tables.settings(reconstruction, config)))
    steps = markup.listing("ol", [step["Result"] for step in record["Steps"]])
    parts = [
        markup.sentence(RESEARCH_ONLY, "banner"),
        f"<header><h1>Detection in sub-{escape(label)}</h1><span>{escape(made)}</span></header>",
        "" if found else markup.sentence(NONE_FOUND, "none") + markup.sentence(NOT_HEALTHY, "plain"),
        markup.figures(tables.figures(reconstruction, segmentation)),
        markup.sentence(A_PLACE_TO_LOOK if found else ""),
        f'<div class="doubt">{markup.listing("ul", doubts)}</div>' if doubts else "",
        markup.slices(shown_slices(reconstruction, segmentation), tables.MOST_ROWS),
        markup.sentence(LEGEND),
        markup.columns("wide", regions if found else setting, residuals),
        markup.columns(
            "three" if found else "two",
            setting if found else "",
            markup.section("What was done to the scan", steps, markup.sentence(tables.lights(record))),
            markup.section("What made this", markup.facts(tables.origins(record))),
        ),
        markup.section("Run this again", f"<pre>{escape(command)}</pre>") if command else "",
    ]
    return markup.page(f"Detection in sub-{label}", parts).encode()
