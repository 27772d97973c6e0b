"""What a reader must know before believing a cohort's figures: sentences made of its metrics.json."""

from uad_core.evaluate.metrics_file import Metrics, model_rows

SLICE_ML = 40.0  # a brain's slice of 1 mm has less, the slab of 20 has more


def dependence(metrics: Metrics) -> list[str]:
    """What makes the figures depend on more than they seem to: on each other, on the training, on another filter."""
    sentences, patients = [], metrics["patients"]
    if metrics["brains"] < patients:
        sentences.append(
            f"The {patients} patients were made from {metrics['brains']} brains, and the intervals take them for "
            "independent: so many people would differ more."
        )
    sick = {row["subject"] for row in metrics["per_patient"] if not row["healthy"]}
    known = {row["subject"] for row in metrics["per_patient"] if row["seen"] in ("trained", "anatomy")} & sick
    if known:
        sentences.append(f"{len(known)} patients were made from brains that a model here was trained on.")
    rows = [row for row in model_rows(metrics) if row.reference]
    flat = {str(row.reference) for row in rows if row.reference_ml < SLICE_ML * row.reference_scans}
    if flat and len(metrics["levels"]) > 1:
        sentences.append(
            f"The thresholds come from single slices ({', '.join(sorted(flat))}), whose median has no third "
            "dimension. In these volumes it has: fewer healthy voxels lie above them than the percentile says."
        )
    return sentences
