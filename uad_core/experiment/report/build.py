"""The report put together: tables and figures, laid out by report.html."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context

from uad_core import RESEARCH_ONLY
from uad_core.evaluate.format import NONE, number
from uad_core.evaluate.glossary import GLOSSARY
from uad_core.experiment.contents import Contents
from uad_core.experiment.report import slices, studies
from uad_core.experiment.report.cohort import cohort_section
from uad_core.experiment.report.style import RC, encoded
from uad_core.experiment.report.tables import table_1_tsv
from uad_core.render.html import Table, render_html

TEMPLATE = Path(__file__).parent / "report.html"
FILE_NAMES = {"reconstructed": "_redrawn.png"}  # on disk a figure keeps the name that the first version gave it


@dataclass(frozen=True)
class Report:
    """What is to be written: the page, its figures by file name, and the tables."""

    html: str
    figures: dict[str, bytes]
    table_tsv: str


def build_report(contents: Contents) -> Report:
    """Draw everything. The same contents give the same bytes."""
    cards = {card.name: card for card in contents.cards}
    latent, realism = studies.latent_rows(contents.cohorts, contents.cards), contents.realism
    with rc_context(RC):
        simulated_first = sorted(contents.cohorts, key=lambda results: not results.simulated)
        cohorts = [cohort_section(results, cards) for results in simulated_first]
        figures = encoded({
            "latent": studies.latent_chart(latent) if latent else None,
            "fig5_samples": slices.samples(contents.cards),
            "training_curves": studies.training_curves(contents.cards),
            "realism_slices": slices.side_by_side(realism) if realism else None,
            "realism": studies.realism_charts(realism) if realism else None,
        })  # fmt: skip
    html = render_html(
        TEMPLATE,
        use=RESEARCH_ONLY,
        contents=contents,
        cohorts=cohorts,
        figures=figures,
        latent=studies.latent_study(latent),
        trainings=_trainings(contents),
        realism={"level": realism.level, "table": studies.distances(realism)} if realism else None,
        repeat=_repeat(contents),
        glossary=GLOSSARY,
    )
    drawn = {f"{one['results'].folder}{FILE_NAMES.get(name, f'_{name}.png')}": png
             for one in cohorts for name, png in one["figures"].items() if png}  # fmt: skip
    drawn |= {f"{name}.png": png for name, png in figures.items() if png}
    return Report(html, drawn, table_1_tsv(contents.cohorts, cards))


def _trainings(contents: Contents) -> Table:
    headings = ("Checkpoint", "Latent", "Parameters", "Epochs", "Slices seen", "Healthy l1", "Median brain's l1",
                "Learned?")  # fmt: skip
    rows = []
    for card in contents.cards:
        errors = [number(card.record.get(key), 4) for key in ("healthy_l1", "trivial_l1")]
        counts = [f"{card.parameters:,}", str(card.record.get("epochs", NONE)), f"{card.record.get('images', 0):,}"]
        rows.append([card.name, card.latent, *counts, *errors, card.learned])
    return Table(headings, rows)


def _repeat(contents: Contents) -> Mapping[str, Table]:
    """What a rerun needs, as tables."""
    about = contents.repeat
    said = about["settings"].items()
    settings = [[key, value if isinstance(value, str) else json.dumps(value)] for key, value in said]
    checkpoints = [[card.name, card.sha256, card.record.get("command") or NONE] for card in contents.cards]
    cohorts = [[str(value) for value in row.values()] for row in about["cohorts"]]
    return {
        "settings": Table(("What", "Value"), settings),
        "versions": Table(("Package", "Version"), [[key, str(value)] for key, value in about["versions"].items()]),
        "cohorts": Table(("Cohort", "Kind", "Patients", "Healthy", "Levels", "List's sha256"), cohorts),
        "checkpoints": Table(("Checkpoint", "sha256 of the weights", "Trained by"), checkpoints),
    }
