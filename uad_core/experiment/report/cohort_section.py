"""One cohort's part of a report: its table, its figures, and its failures."""

from __future__ import annotations

from collections.abc import Mapping

from uad_core.evaluate.format import NONE, html_table, number
from uad_core.experiment.contents import CohortResults, ModelCard
from uad_core.experiment.report import charts, slices
from uad_core.experiment.report.caveats import dependence, footnote
from uad_core.experiment.report.claims import verdicts
from uad_core.experiment.report.page import Page
from uad_core.experiment.report.tables import table_one

WORST = 3  # patients named per model


def cohort(page: Page, results: CohortResults, cards: Mapping[str, ModelCard]) -> None:
    """Table 1, Fig. 4, Fig. 6, curves, scatter, worst cases, lesions of normal intensity, the paper's claims."""
    metrics, prefix = results.metrics, f"{results.folder}_"
    kind = "Simulated scans" if results.simulated else "Real scans"
    page.heading(f"{kind}: {results.name}")
    levels = metrics["levels"]
    where = f"atlas levels {levels[0]} to {levels[-1]}" if len(levels) > 1 else f"atlas level {levels[0]}"
    page.text(
        f"{kind.upper() if results.simulated else kind}. Patients with lesions: {metrics['patients']}, healthy "
        f"subjects: {metrics['healthy']}, {where}.",
        "kind",
    )
    for sentence in (*results.sentences, *dependence(metrics)):
        page.text(sentence)
    page.heading("Table 1", 3)
    page.html(table_one(results, cards))
    page.text(footnote(metrics))
    if metrics["patients"]:
        _pictures(page, results, prefix)
    else:
        page.text(
            "Nobody here has a lesion at these levels: all that is flagged is false, and there is no more to show."
        )
    _failures(page, results, prefix)
    if metrics["patients"]:
        _normal_lesions(page, results, prefix)
        _claims(page, results)


def _pictures(page: Page, results: CohortResults, prefix: str) -> None:
    page.heading("Pictures", 3)
    examples = results.examples
    if examples.typical:
        first = examples.typical[0]
        page.figure(
            f"{prefix}fig4",
            slices.comparison(examples.typical),
            f"Fig. 4. {first.subject}, level {first.level}: the patient whose Dice, averaged over models, is the "
            "median one, at the level with most lesion. Left: scan, truth as a blue outline. Then for each model "
            "the filtered score over its segmentation (orange), truth outlined in blue; D is the patient's Dice. "
            "In the corner stands which scores are black and white: the median and the 99.9th percentile of this scan. "
            "R is the patient's right.",
        )
    if examples.reconstructed:
        page.figure(
            f"{prefix}reconstructed",
            slices.reconstructions(examples.typical[0], examples.reconstructed),
            "The same slice as each model would have it, in the grey window of the scan. What is missing here, folds "
            "and lesions alike, is what the residual shows.",
        )
    page.figure(
        f"{prefix}fig6",
        charts.histograms(results),
        "Fig. 6. Filtered scores of normal (blue) and anomalous (orange) voxels of all patients, each of unit area, "
        "on a logarithmic axis, in each model's own units (normalised intensity; ranks for intensity). Dashed: the "
        "threshold from healthy scans. What overlaps cannot be told apart by any threshold.",
    )
    page.figure(
        f"{prefix}precision_recall",
        charts.precision_recall(results),
        "Precision and recall of voxels, all patients pooled, over all thresholds. The area is the pooled AUPRC; "
        "chance is the share of lesion voxels.",
    )
    page.figure(
        f"{prefix}dice_by_percentile",
        charts.dice_by_percentile(results),
        "What the choice of the threshold costs: mean Dice at percentiles of healthy residuals. None of them looked "
        "at a test label, but picking the best of them afterwards would.",
        "No row here has a threshold from healthy scans, so Dice over percentiles does not exist.",
    )
    page.figure(
        f"{prefix}scatter",
        charts.scatter(results),
        "AUPRC patient by patient, each model against model 0, intensity. Above the diagonal the model is better.",
        "There is no row for model 0, intensity, so no patient-by-patient comparison.",
    )


def _failures(page: Page, results: CohortResults, prefix: str) -> None:
    page.heading("Failures", 3)
    metrics = results.metrics
    for subject, reason in metrics["refused"].items():
        page.text(f"{subject} was left out: {reason}")
    lines = []
    for key in metrics["models"]:
        own = [row for row in metrics["per_patient"] if row["model"] == key]
        figure = "dice" if any(row["dice"] is not None for row in own) else "auprc"
        poor = sorted((row for row in own if row[figure] is not None), key=lambda row: row[figure])[:WORST]
        named = "; ".join(f"{row['subject']} {number(row[figure])} ({row['truth_ml']:.1f} ml)" for row in poor)
        healthy = [row for row in own if row["healthy"] and row["false_positive_ml"] is not None]
        most = max(healthy, key=lambda row: row["false_positive_ml"], default=None)
        flagged = f"{most['subject']}: {most['false_positive_ml']:.1f} ml" if most else "no healthy scan"
        lines.append([key, "Dice" if figure == "dice" else "AUPRC", named or NONE, flagged])
    page.words(
        ("Model", "Figure", f"Worst patients, at most {WORST} (true ml)", "Most flagged in a healthy scan"), lines
    )
    if results.examples.worst:
        page.figure(
            f"{prefix}worst",
            slices.one_row_each(results.examples.worst),
            "The worst patient of each model (lowest Dice; of equal ones the lowest AUPRC), at the level with most "
            "lesion: scan with the truth outlined in blue, filtered score, segmentation in orange.",
        )


def _normal_lesions(page: Page, results: CohortResults, prefix: str) -> None:
    lesions = results.lesions
    page.heading("Lesions of normal intensity", 3)
    page.text(
        f"{len(lesions.records)} of {lesions.total} lesions have a median intensity between the 5th and the 95th "
        "percentile of the same patient's brain outside lesions: as a whole they do not stand out by intensity. "
        "A model has found one when it flags a tenth of it."
    )
    if lesions.records:
        rows = [
            [
                row["subject"],
                str(row["level"]),
                f"{row['ml']:.3f}",
                number(row["intensity"], 2),
                f"{row['rank']:.0f}",
                row["found_by"],
            ]
            for row in lesions.records[:15]
        ]
        page.html(
            html_table(("Patient", "Level", "Volume, ml", "Median intensity", "Percentile of brain", "Found by"), rows)
        )
        if len(lesions.records) > len(rows):
            page.text(f"The largest {len(rows)} are listed; lesions.json in {results.folder} has all.")
    if lesions.panels:
        page.figure(
            f"{prefix}normal_lesions",
            slices.lesion_row(lesions.panels),
            "The largest of them, of different patients: the scan alone, and with that lesion outlined in orange, the "
            "patient's other ones in blue.",
        )


def _claims(page: Page, results: CohortResults) -> None:
    page.heading("The paper's claims, on this cohort", 3)
    found = verdicts(results)
    if not found:
        page.text("None of the paper's comparisons has both of its models here.")
        return
    page.words(("Claim in the paper's text", "Mean AUPRC", "Difference, 95 % interval", "Shown here?"), found)
