"""The sections that stand once in a report: what it is, the studies across cohorts, how to repeat it."""

from __future__ import annotations

import json

from uad_core.evaluate.format import NONE, html_table, number
from uad_core.experiment.contents import Contents
from uad_core.experiment.report import slices, studies
from uad_core.experiment.report.cohort_section import cohort
from uad_core.experiment.report.page import Page

__all__ = ["cohort", "drawn_samples", "introduction", "latent_study", "realism", "repeat", "trainings"]


def introduction(page: Page, contents: Contents) -> None:
    """What the reader has in front of him, and what is missing."""
    page.text(
        "A model of the healthy brain reconstructs a scan; what it cannot reconstruct is flagged. This is the "
        "comparison of Baur, Wiestler, Albarqouni and Navab (2018), repeated with this project's own data and code. "
        "Simulated and real scans stand in tables of their own: a figure on simulated scans says nothing about "
        "patients. The figures of the paper's own Table 1 are not shown. Model 0, intensity, learns nothing: it calls "
        "bright voxels abnormal, and is what every model has to beat."
    )
    if contents.quick:
        page.text(
            "This was a quick run: few patients, so wide intervals or none. It shows that everything works; "
            "it ranks nothing."
        )
    if contents.missing:
        page.heading("Missing from this report", 3)
        page.items(contents.missing)


def latent_study(page: Page, contents: Contents) -> None:
    page.heading("Size of the latent")
    rows = studies.latent_rows(contents.cohorts, contents.cards)
    missing = sorted(set(studies.LATENT_MODELS) - {row["model"] for row in rows}, key=studies.LATENT_MODELS.index)
    if missing:
        page.text(f"Without a checkpoint, so missing from this study: {', '.join(missing)}.")
    if not rows:
        return
    areas = [key for key in rows[0] if key.startswith("auprc ")]
    headings = ["Model", "Latent", "Numbers", "Healthy l1", *(f"AUPRC, {key.removeprefix('auprc ')}" for key in areas)]
    page.html(
        html_table(
            headings,
            [
                [row["model"], row["latent"], f"{row['values']:,}", number(row["healthy_l1"], 4)]
                + [number(row[key]) for key in areas]
                for row in rows
            ],
        )
    )
    page.figure(
        "latent",
        studies.latent_chart(rows),
        "Study of the latent size. Left: mean absolute difference between held-out healthy slices and their "
        "reconstruction, in normalised intensity (brain tissue lies at 0.5), lower is better. Right: pooled AUPRC "
        "on each cohort, higher is better. A wide latent keeps healthy tissue, and lesions as well. sae1 and "
        "sae2 hold as many numbers as each other, sae1 on an 8 x 8 grid and sae2 on a 16 x 16 grid.",
    )


def drawn_samples(page: Page, contents: Contents) -> None:
    page.heading("Samples from the priors")
    shown = [card for card in contents.cards if card.samples is not None]
    if not shown:
        page.text("No checkpoint here has a prior to draw from: that takes a VAE, a VAE-GAN or AnoGAN.")
        return
    page.figure(
        "fig5_samples",
        slices.samples(shown),
        "Fig. 5. Slices that no one has, drawn from each model's prior with a fixed seed, none picked by hand. "
        "Unrealistic ones are a finding: a model that cannot draw a brain does not know what healthy ones look like. "
        "Grey window 0 to 0.9 of normalised intensity, as of all scans here; the slices have no right and left.",
    )


def trainings(page: Page, contents: Contents) -> None:
    page.heading("Trainings")
    headings = (
        "Checkpoint", "Latent", "Parameters", "Epochs", "Slices seen", "Healthy l1", "Median brain's l1", "Learned?",
    )  # fmt: skip
    lines = []
    for card in contents.cards:
        record = card.record
        errors = [number(record.get(key), 4) for key in ("healthy_l1", "trivial_l1")]
        seen = f"{record.get('images', 0):,}"
        counts = [f"{card.parameters:,}", str(record.get("epochs", NONE)), seen]
        lines.append([card.name, card.latent, *counts, *errors, card.learned])
    page.html(html_table(headings, lines))
    page.text(
        "A model has learned when it reconstructs held-out healthy slices better than one median brain for all would: "
        "healthy l1 below the median brain's l1 (mean absolute difference, normalised intensity). "
        "The paper trained for 150 epochs; mind the column of epochs before blaming a model."
    )
    page.figure(
        "training_curves",
        studies.training_curves(contents.cards),
        "Weighted terms of each training's losses, mean of each epoch, and the validation error on held-out healthy "
        "slices, on logarithmic axes. Where discriminator and adversarial terms run apart, a GAN has become unstable. "
        "Terms of different models are not comparable in height.",
        "No checkpoint here has a training curve.",
    )


def realism(page: Page, contents: Contents) -> None:
    page.heading("Simulated against real")
    if contents.realism is None:
        page.text(
            "This needs simulated scans and a real cohort that reach one common level; name a real one with --cohort."
        )
        return
    found = contents.realism
    page.figure(
        "realism_slices",
        slices.side_by_side(found),
        f"Slices at atlas level {found.level}, evenly spaced over each cohort's list, in one grey window "
        "(normalised intensity 0 to 0.9), prepared as models see them. R is the patient's right.",
    )
    page.figure(
        "realism",
        studies.realism_charts(found),
        "Left: normalised intensity of brain voxels without lesions, 2 mm off the brain's edge. Right: radial power "
        "spectrum of the 96 x 96 mm in the brain's middle, under a Hann window; line: median slice, band: 10th to 90th "
        "percentile of slices. Simulated dashed, real solid.",
    )
    headings = ("Pair", "Earth mover's distance of intensities", "Spectra apart, dB")
    page.html(html_table(headings, [[str(row[key]) for key in ("pair", "intensity", "db")] for row in found.distances]))
    page.text(
        "Earth mover's distance in normalised intensity; spectra: root mean square distance of the median curves. "
        "Two halves of one real cohort are the yardstick: a perfect simulation would come as close as these."
    )


def repeat(page: Page, contents: Contents) -> None:
    page.heading("To repeat this")
    about = contents.repeat
    page.code(str(about["command"]))
    page.words(("What", "Value"), [[key, _value(value)] for key, value in about["settings"].items()])
    page.heading("Versions", 3)
    page.words(("Package", "Version"), [[key, str(value)] for key, value in about["versions"].items()])
    page.heading("Cohorts", 3)
    headings = ("Cohort", "Kind", "Patients", "Healthy", "Levels", "List's sha256")
    page.words(headings, [[str(row[key]) for key in row] for row in about["cohorts"]])
    page.heading("Checkpoints", 3)
    lines = [[card.name, card.sha256, card.record.get("command") or NONE] for card in contents.cards]
    page.words(("Checkpoint", "sha256 of the weights", "Trained by"), lines)
    page.text(
        "The same command on the same machine gives the same numbers; seconds a slice (marked *) are measured anew "
        "each time, and other processor types may differ in the last digits."
    )


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
