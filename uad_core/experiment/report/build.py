"""The report put together."""

from __future__ import annotations

from dataclasses import dataclass

from uad_core import RESEARCH_ONLY
from uad_core.experiment.contents import Contents
from uad_core.experiment.report import sections
from uad_core.experiment.report.page import Page
from uad_core.experiment.report.tables import tab_separated


@dataclass(frozen=True)
class Report:
    """What is to be written: the page, its figures by file name, and the tables."""

    html: str
    figures: dict[str, bytes]
    table_tsv: str


def build_report(contents: Contents) -> Report:
    """Draw everything. The same contents give the same bytes."""
    page, cards = Page(), {card.name: card for card in contents.cards}
    page.heading("Anomaly segmentation without labels: the experiment", 1)
    page.text(RESEARCH_ONLY, "banner")
    page.contents()
    sections.introduction(page, contents)
    for results in sorted(contents.cohorts, key=lambda results: not results.simulated):
        sections.cohort(page, results, cards)
    sections.latent_study(page, contents)
    sections.drawn_samples(page, contents)
    sections.trainings(page, contents)
    sections.realism(page, contents)
    sections.repeat(page, contents)
    return Report(page.finish(), page.figures, tab_separated(contents.cohorts, cards))
