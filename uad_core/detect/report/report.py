"""The page itself: what report.html lays out."""

from pathlib import Path
from typing import Any

from uad_core import RESEARCH_ONLY
from uad_core.detect.provenance import provenance
from uad_core.detect.report import tables
from uad_core.detect.report.chart import histogram_svg
from uad_core.detect.report.pictures import report_slices
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.html import render_html

TEMPLATE = Path(__file__).parent / "report.html"


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
        label: the BIDS subject label; the only name of the scan on the page.
        command: how to run this again; left out where empty.
        record: its provenance, where that has been made already.
    """
    record = record or provenance(reconstruction, segmentation, config, command)
    return render_html(
        TEMPLATE,
        use=RESEARCH_ONLY,
        label=label,
        command=command,
        model=reconstruction.checkpoint,
        created=record["Created"].replace("T", " ").replace("+00:00", " UTC"),
        figures=tables.figures(reconstruction, segmentation),
        doubts=tables.doubts(reconstruction, record),
        slices=report_slices(reconstruction, segmentation),
        regions=tables.region_table(segmentation, reconstruction),
        most_rows=tables.MOST_ROWS,
        rest=tables.rest(segmentation),
        histogram=histogram_svg(reconstruction, segmentation, config),
        settings=tables.settings(reconstruction, config),
        steps=[step["Result"] for step in record["Steps"]],
        checks=tables.checks_sentence(record),
        origins=tables.origins(record),
    ).encode()
