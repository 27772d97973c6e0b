"""What report.html lays out: the page's pictures, words and numbers."""

from pathlib import Path
from typing import Any

from uad_core import RESEARCH_ONLY
from uad_core.detect.hand_edits import by_hand
from uad_core.detect.lesion_table import REGION_COLUMNS, region_rows
from uad_core.detect.lights import stamp
from uad_core.detect.provenance import provenance
from uad_core.detect.report.pictures import histogram_svg, report_slices
from uad_core.pipeline.look import SENTENCES
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.pipeline.sensitivity import CONTRASTS, SIZES_MM3, Sensitivity
from uad_core.render.html import SHARED, Table, render_html

TEMPLATE = Path(__file__).parent / "report.html"
MOST_ROWS = 7  # of regions; the rest is summed up, so that the page stays one page


def scan_report(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    label: str,
    command: str = "",
    record: dict[str, Any] | None = None,
) -> bytes:
    """One detection as a page of HTML, UTF-8, with its pictures inside.

    `label`: the BIDS subject label, the only name of the scan on the page. `command`: how to run this again; left out
    where empty. `record`: its provenance, where that has been made already.
    """
    record = record or provenance(reconstruction, segmentation, config, command)
    return render_html(
        TEMPLATE,
        use=RESEARCH_ONLY,
        label=label,
        command=command,
        model=reconstruction.checkpoint,
        created=record["Created"].replace("T", " ").replace("+00:00", " UTC"),
        segmentation=segmentation,
        reference=reconstruction.checkpoint.calibration.references[segmentation.reference],
        by_hand=by_hand(segmentation),
        sensitivity=segmentation.sensitivity,
        sensitivity_grid=sensitivity_grid(segmentation.sensitivity),
        contrasts=CONTRASTS,
        doubts=doubts(reconstruction, record),
        slices=report_slices(reconstruction, segmentation),
        regions=region_table(segmentation, reconstruction),
        most_rows=MOST_ROWS,
        rest=rest(segmentation),
        histogram=histogram_svg(reconstruction, segmentation, config),
        config=config,
        levels=reconstruction.prepared.slab.levels,
        checks=checks_sentence(record),
        stamp=stamp(check["Name"] for check in record["Checks"] if check["Light"] == "red"),
        record=record,
    ).encode()


def sensitivity_grid(sensitivity: Sensitivity | None) -> list[tuple[str, list[tuple[int, int]]]]:
    """A row for each size, the smallest first: its words, and (found, put in) at each of `CONTRASTS`."""
    if sensitivity is None:
        return []
    return [(f"{size:g} mm³", [sensitivity.counts(size, one) for one in CONTRASTS]) for size in SIZES_MM3]


def sensitivity_html(sensitivity: Sensitivity) -> str:
    """The grid alone, for another page."""
    grid = sensitivity_grid(sensitivity)
    return render_html(SHARED / "sensitivity.html", sensitivity_grid=grid, contrasts=CONTRASTS)


def region_table(segmentation: Segmentation, reconstruction: Reconstruction) -> Table:
    """The largest regions, a row each."""
    rows = region_rows(segmentation.lesions[:MOST_ROWS], reconstruction.prepared.slab)
    return Table(REGION_COLUMNS, [[_text(value) for value in row.values()] for row in rows])


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def rest(segmentation: Segmentation) -> str:
    """A sentence on the regions that have no row; empty where there are none."""
    others = segmentation.lesions[MOST_ROWS:]
    if not others:
        return ""
    many = f"{len(others)} smaller ones" if len(others) > 1 else "a smaller one"
    volume = f"{sum(lesion.volume_mm3 for lesion in others) / 1000:.2f} ml{' together' * (len(others) > 1)}"
    return f"And {many}, {volume}; the table that goes with this page has a row for each."


def doubts(reconstruction: Reconstruction, record: dict[str, Any]) -> list[str]:
    """What gives cause for doubt in the scan, in the model or in the threshold."""
    looked = SENTENCES[record["Detection"]["postprocess"]["look"]]
    sentences = [*record["Warnings"], *([looked] if looked else [])]
    if reconstruction.checkpoint.learned is False:
        worse = "it reconstructs healthy slices worse than the median training slice"
        sentences.append(f"This model did not learn: {worse}.")
    if record["HealthyReferenceIsSimulated"]:
        sentences.append("The healthy scans behind the threshold are simulated; real ones leave larger residuals.")
    return sentences


def checks_sentence(record: dict[str, Any]) -> str:
    """The checks of the scan in a sentence; amber and red ones stand among the doubts with their numbers."""
    texts = {"green": "nothing speaks against the scan in", "amber": "amber", "red": "red", "grey": "not known"}
    found = {light: [check["Name"] for check in record["Checks"] if check["Light"] == light] for light in texts}
    return f"Checks: {'; '.join(f'{texts[light]}: ' + ', '.join(names) for light, names in found.items() if names)}."
