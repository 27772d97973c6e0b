"""What a reader must know before believing a cohort's figures: sentences made of its metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uad_core.evaluate.format import number

SLICE_ML = 40.0  # a brain's slice of 1 mm has less, the slab of 20 has more


def dependence(metrics: Mapping[str, Any]) -> list[str]:
    """What makes the figures depend on more than they seem to: on each other, on the training, on another filter."""
    said, patients = [], metrics["patients"]
    if metrics["brains"] < patients:
        said.append(
            f"The {patients} patients were made from {metrics['brains']} brains, and the intervals take them for "
            "independent: so many people would differ more."
        )
    sick = {row["subject"] for row in metrics["per_patient"] if not row["healthy"]}
    known = {row["subject"] for row in metrics["per_patient"] if row["seen"] in ("trained", "anatomy")} & sick
    if known:
        said.append(f"{len(known)} patients were made from brains that a model here was trained on.")
    flat = {
        model["reference"]
        for model in metrics["models"].values()
        if model["reference"] and model["reference_ml"] < SLICE_ML * model["reference_scans"]
    }
    if flat and len(metrics["levels"]) > 1:
        said.append(
            f"The thresholds come from single slices ({', '.join(sorted(flat))}), whose median has no third "
            "dimension. In these volumes it has: fewer healthy voxels lie above them than the percentile says."
        )
    return said


def footnote(metrics: Mapping[str, Any]) -> str:
    """Below Table 1: what each column means, and what it rests on."""
    percentile = f"{metrics['config']['percentile']:g}"
    healthy = max(model["false_positive_subjects"] for model in metrics["models"].values())
    behind = {row["subject"] for row in metrics["per_patient"] if row["seen"] == "calibrated" and row["healthy"]}
    circular = f", {len(behind)} of them behind a threshold themselves" if behind else ""
    return (
        f"Dice: at the {percentile}th percentile of each model's residuals in held-out healthy scans "
        f"({', '.join(_references(metrics)) or 'none'}); no test label had a say. sd over patients; brackets: 95 % "
        f"bootstrap interval over patients, absent for fewer than two. Pooled AUPRC of chance: "
        f"{number(metrics['auprc_chance'])}. Lesions: found when a tenth is flagged; a flagged region is right when a "
        "tenth of it is lesion. False positives: ml flagged at the same threshold, mean over the healthy scans that "
        f"no model was trained on ({healthy}{circular}). Less intensity's: paired over patients. BEST CASE columns "
        "picked their threshold on the truth, which no user has. * measured anew at each run, not repeatable."
    )


def _references(metrics: Mapping[str, Any]) -> list[str]:
    """`soop-near-normal (real, 3 to 18 scans)` for each cohort behind a threshold."""
    scans: dict[tuple[str, str], list[int]] = {}
    for model in metrics["models"].values():
        if model["reference"]:
            kind = "simulated" if model["reference_simulated"] else "real"
            scans.setdefault((model["reference"], kind), []).append(model["reference_scans"])
    return [f"{name} ({kind}, {_range(min(counts), max(counts))})" for (name, kind), counts in sorted(scans.items())]


def _range(least: int, most: int) -> str:
    return f"{least} to {most} scans" if least < most else f"{most} scans" if most > 1 else "1 scan"
