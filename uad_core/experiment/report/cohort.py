"""One cohort's part of a report: its tables and figures, laid out by cohort.html."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from uad_core.evaluate.format import NONE, number
from uad_core.evaluate.glossary import conditions, explanation
from uad_core.evaluate.metrics_file import Metrics, PatientFigure
from uad_core.evaluate.tables import searched_levels
from uad_core.experiment.contents import CohortResults, ModelCard, SubtleLesions
from uad_core.experiment.examples import SEEN_ML
from uad_core.experiment.report import charts, slices
from uad_core.experiment.report.claims import verdicts
from uad_core.experiment.report.style import encoded
from uad_core.experiment.report.tables import table_1
from uad_core.render.html import Table

WORST = 3  # patients named per model
LISTED = 15  # lesions of normal intensity


def cohort_section(results: CohortResults, cards: Mapping[str, ModelCard]) -> dict[str, Any]:
    """Table 1, Fig. 4, Fig. 6, curves, scatter, worst cases, lesions of normal intensity, the paper's claims."""
    claims = ("Claim in the paper's text", "Mean AUPRC", "Difference, 95 % interval", "Shown here?")
    return {
        "results": results,
        "title": f"{'Simulated' if results.simulated else 'Real'} scans: {results.name}",
        "levels": searched_levels(results.metrics),
        "sentences": (*results.sentences, *dependence(results.metrics), *conditions(results.metrics)),
        "table_1": table_1(results, cards),
        "footnote": explanation(results.metrics),
        "figures": encoded(_figures(results)),
        "seen_ml": SEEN_ML,
        "failures": _failures(results.metrics),
        "subtle": _subtle(results.lesions),
        "claims": Table(claims, verdicts(results)),
    }


def _figures(results: CohortResults) -> dict[str, Figure | None]:
    """Nothing but failures is drawn of a cohort without lesions."""
    examples, lesions = results.examples, results.lesions
    figures: dict[str, Figure | None] = {"worst": slices.one_row_each(examples.worst) if examples.worst else None}
    if not results.metrics["patients"]:
        return figures
    shown = bool(examples.typical and examples.reconstructed)
    return figures | {
        "fig4": slices.comparison(examples.typical) if examples.typical else None,
        "reconstructed": slices.reconstructions(examples.typical[0], examples.reconstructed) if shown else None,
        "best_model": slices.one_row_each(examples.best_model) if examples.best_model else None,
        "fig6": charts.histograms(results),
        "precision_recall": charts.precision_recall(results),
        "dice_by_percentile": charts.dice_by_percentile(results),
        "scatter": charts.scatter(results),
        "normal_lesions": slices.lesion_row(lesions.panels) if lesions.panels else None,
    }


def _failures(metrics: Metrics) -> Table:
    rows = []
    for key in metrics["models"]:
        own = [row for row in metrics["per_patient"] if row["model"] == key]
        figure: PatientFigure = "dice" if any(row["dice"] is not None for row in own) else "auprc"
        values = sorted((value, row["subject"], row["truth_ml"]) for row in own if (value := row[figure]) is not None)
        named = "; ".join(f"{subject} {number(value)} ({ml:.1f} ml)" for value, subject, ml in values[:WORST])
        healthy = [(row["false_positive_ml"] or 0.0, row["subject"]) for row in own
                   if row["healthy"] and row["false_positive_ml"] is not None]  # fmt: skip
        most = max(healthy, key=lambda one: one[0], default=None)
        flagged = f"{most[1]}: {most[0]:.1f} ml" if most else "no healthy scan"
        rows.append([key, "Dice" if figure == "dice" else "AUPRC", named or NONE, flagged])
    headings = ("Model", "Figure", f"Worst patients, at most {WORST} (true ml)", "Most flagged in a healthy scan")
    return Table(headings, rows)


def _subtle(lesions: SubtleLesions) -> Table:
    headings = ("Patient", "Level", "Volume, ml", "Median intensity", "Percentile of brain", "Found by")
    rows = [
        [one["subject"], str(one["level"]), f"{one['ml']:.3f}", number(one["intensity"], 2), f"{one['rank']:.0f}",
         one["found_by"]]
        for one in lesions.records[:LISTED]
    ]  # fmt: skip
    return Table(headings, rows)


def dependence(metrics: Metrics) -> list[str]:
    """What makes the figures depend on more than they seem to: on each other, on the training."""
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
    return sentences
