"""What the figures of an evaluation mean: the same sentences in metrics.json, on the page, and in a report."""

from uad_core.evaluate.format import number
from uad_core.evaluate.metrics_file import Metrics, model_rows
from uad_core.pipeline.look import SENTENCES

GLOSSARY = {
    "dice": "Dice: at a percentile of each model's filtered residuals in healthy scans held out of its training; no "
    "lesion mask had a say in the threshold.",
    "best_dice": "BEST CASE: the threshold was picked on the truth, which no user has; small components are left in.",
    "best_dice_pooled": "BEST CASE, one threshold: the same for all patients, picked on the truth of all.",
    "auprc": "AUPRC: average precision of the filtered score within the eroded brain, mean over patients, or pooled "
    "over the voxels of all.",
    "lesions": "Lesions are 26-connected: one is found when a tenth of it is flagged; a flagged region is right when a "
    "tenth of it is lesion.",
    "recall_by_size": "Found at so many false regions a scan: share of the small, medium and large lesions of all "
    "patients, by regions that are right, at the threshold (one for all, picked on the truth) that finds most of those "
    "with no more false regions a patient.",
    "interval": "±: standard deviation over patients. Brackets: 95 % bootstrap interval (BCa) over patients, absent "
    "for fewer than two, too narrow where several were made from one brain.",
    "left_out": "Patients without the figure (NaN), left out of its mean.",
    "false_positive_ml": "False positives: ml flagged at the same threshold, mean over the healthy scans that no model "
    "was trained on.",
    "difference": "Less model 0's: paired over patients.",
    "learned": "A model has learned when it reconstructs held-out healthy slices better than the median training slice "
    "would: healthy l1 below the median brain's l1 (mean absolute difference, normalised intensity).",
    "plain-intensity": "The scan itself as score has no healthy residuals, hence no threshold: only threshold-free and "
    "best-case figures.",
}
NOTES = ("dice", "best_dice", "best_dice_pooled", "auprc", "lesions", "recall_by_size", "interval", "left_out",
         "false_positive_ml", "plain-intensity")  # fmt: skip  # in metrics.json


def explanation(metrics: Metrics) -> str:
    """Below a table: what each column means, and what it rests on."""
    healthy = max(row.false_positive_subjects for row in model_rows(metrics))
    behind = {row["subject"] for row in metrics["per_patient"] if row["seen"] == "calibrated" and row["healthy"]}
    circular = f", {len(behind)} of them behind a threshold themselves" if behind else ""
    parts = (
        GLOSSARY["dice"],
        f"Here: {percentiles(metrics)}, {', '.join(_references(metrics)) or 'no scans'}.",
        GLOSSARY["interval"],
        GLOSSARY["auprc"],
        f"Pooled AUPRC of chance: {number(metrics['auprc_chance'])}.",
        GLOSSARY["lesions"],
        GLOSSARY["recall_by_size"],
        f"{GLOSSARY['false_positive_ml'].removesuffix('.')} ({healthy}{circular}).",
        GLOSSARY["difference"],
        GLOSSARY["best_dice"],
        "Seconds a slice are measured anew at each run.",
    )
    return " ".join(parts)


def conditions(metrics: Metrics) -> list[str]:
    """Sentences on what in the setting changes what the figures mean; none for the usual one."""
    config, sentences = metrics["config"], list[str]()
    if looked := SENTENCES.get(config.get("look", "everywhere"), ""):
        sentences.append(looked)
    if rate := config.get("false_discovery"):
        sentences.append(
            f"A false-discovery rate of {rate:g} % raised the threshold in each scan where it had to: those named are "
            "the lowest."
        )
    flat = {str(row.reference) for row in model_rows(metrics) if row.reference and row.of_slices}
    if flat and len(metrics["levels"]) > 1:
        sentences.append(
            f"The thresholds come from single slices ({', '.join(sorted(flat))}), whose median has no third "
            "dimension. In these volumes it has: fewer healthy voxels lie above them than the percentile says."
        )
    return sentences


def percentiles(metrics: Metrics) -> str:
    """`percentile 98`, or `percentile 99.8 (marker), 98 (denoiser, intensity)` where the models' own differ."""
    names: dict[float, list[str]] = {}
    for row in model_rows(metrics):
        if row.percentile is not None:
            names.setdefault(row.percentile, []).append(row.key)
    if len(names) < 2:
        return " ".join(["percentile", *(f"{one:g}" for one in names)]) if names else "no percentile"
    return "percentile " + ", ".join(f"{one:g} ({', '.join(keys)})" for one, keys in names.items())


def _references(metrics: Metrics) -> list[str]:
    """`soop-near-normal (real, 3 to 18 scans)` for each cohort behind a threshold."""
    scans: dict[tuple[str, str], list[int]] = {}
    for row in model_rows(metrics):
        if row.reference:
            scans.setdefault((row.reference, row.reference_kind), []).append(row.reference_scans)
    return [f"{name} ({kind}, {_range(min(counts), max(counts))})" for (name, kind), counts in sorted(scans.items())]


def _range(least: int, most: int) -> str:
    return f"{least} to {most} scans" if least < most else f"{most} scans" if most > 1 else "1 scan"
