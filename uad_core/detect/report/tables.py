"""What a report says in words and numbers, as rows of text."""

from typing import Any

from uad_core.detect.lesion_table import REGION_COLUMNS, region_rows
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.render.html import Table

MOST_ROWS = 10  # of regions; the rest is summed up, so that the page stays one page


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
    volume = sum(lesion.volume_mm3 for lesion in others) / 1000
    many = (
        f"{len(others)} smaller ones, {volume:.2f} ml together"
        if len(others) > 1
        else f"a smaller one, {volume:.2f} ml"
    )
    return f"And {many}; the table that goes with this page has a row for each."


def figures(reconstruction: Reconstruction, segmentation: Segmentation) -> list[tuple[str, str]]:
    """The four figures on top: (large, small)."""
    cohort = reconstruction.checkpoint.calibration.references[segmentation.reference]
    kind = "simulated" if cohort.simulated else "real"
    count = len(segmentation.lesions)
    return [
        (str(count), "region" if count == 1 else "regions"),
        (f"{segmentation.flagged_ml:.1f} ml", "flagged in this scan"),
        (f"{segmentation.healthy_ml:.1f} ml", "of as much healthy brain lie above the same threshold"),
        (
            f"{segmentation.threshold:.4f}",
            f"threshold: percentile {segmentation.percentile:.2f} of the residuals of healthy scans "
            f"({kind}, {cohort.scans} scans or slices: {segmentation.reference})",
        ),
    ]


def settings(reconstruction: Reconstruction, config: DetectConfig) -> list[tuple[str, str]]:
    """The setting, (name, value)."""
    post = config.postprocess
    levels = reconstruction.prepared.slab.levels
    chosen = f"percentile {config.percentile:g}" if config.threshold is None else f"threshold {config.threshold:g}"
    return [
        ("Model", reconstruction.checkpoint.name),
        ("Chosen", chosen),
        ("Residual", f"{post.signed}, median of {post.median_size}³ voxels"),
        ("Brain mask", f"eroded by {post.erosion_mm:g} mm"),
        ("Smallest region", f"{post.min_lesion_mm3:g} mm³"),
        ("Levels", f"{levels[0]} to {levels[-1]} of the atlas"),
    ]


def doubts(reconstruction: Reconstruction, record: dict[str, Any]) -> list[str]:
    """What gives cause for doubt in the scan, in the model or in the threshold."""
    sentences = list(record["Warnings"])
    if reconstruction.checkpoint.learned is False:
        sentences.append(
            "This model did not learn: it reconstructs healthy slices worse than the median training slice."
        )
    if record["HealthyReferenceIsSimulated"]:
        sentences.append("The healthy scans behind the threshold are simulated; real ones leave larger residuals.")
    return sentences


def checks_sentence(record: dict[str, Any]) -> str:
    """The checks of the scan in a sentence; amber and red ones stand among the doubts with their numbers."""
    by_severity: dict[str, list[str]] = {}
    for check in record["Checks"]:
        by_severity.setdefault(check["Light"], []).append(check["Name"])
    texts = {"green": "nothing speaks against the scan in", "amber": "amber", "red": "red", "grey": "not known"}
    parts = [f"{texts[severity]}: {', '.join(by_severity[severity])}" for severity in texts if severity in by_severity]
    return f"Checks: {'; '.join(parts)}."


def origins(record: dict[str, Any]) -> list[tuple[str, str]]:
    """What made the result, (name, value)."""
    return [
        ("Checkpoint sha256", record["Checkpoint"]["Sha256"]),
        ("Scan sha256", record["ScanSha256"]),
        ("Scan", " × ".join(map(str, record["ScanShape"])) + " voxels"),
        ("Versions", ", ".join(f"{name} {version}" for name, version in record["Versions"].items())),
    ]
