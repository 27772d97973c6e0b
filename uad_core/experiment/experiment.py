"""From nothing to a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from uad_core import RESEARCH_ONLY, versions
from uad_core.experiment.cohort_results import score_to_results
from uad_core.experiment.cohorts import OnMessage, described, for_training, gather, to_evaluate
from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.models import card, select_models, train_all
from uad_core.experiment.realism import compare
from uad_core.experiment.report import Contents, Report, build_report
from uad_core.experiment.report.claims import verdicts
from uad_core.experiment.report.studies import latent_rows
from uad_core.experiment.report.tables import plain_text
from uad_core.experiment.survey import Survey
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.volume import ScanError


@dataclass(frozen=True)
class Outcome:
    """Where the report lies, and its tables as text."""

    report: Path
    tables: str


def experiment(config: ExperimentConfig, command: str, on_message: OnMessage) -> Outcome:
    """Run it all; what was simulated or trained already in `config.out` is kept.

    Args:
        command: that repeats it, for the record.
        on_message: told a line at every step.

    Raises:
        ScanError: no cohort could be evaluated, or none can be trained on.
        CheckpointError: no checkpoint could be read.
        ValueError: the folder holds something that was made otherwise, or the training was stopped.
    """
    sites = gather(config, on_message)
    folder, failed = config.checkpoints, list[str]()
    if config.train is not None:
        folder, failed = train_all(config, for_training(sites, on_message), on_message)
    selection = select_models(config, folder)
    missing = [*failed, *selection.missing]
    sheets, surveys, simulated = [], dict[str, Survey](), set[str]()
    sites = [to_evaluate(site, selection.scored) for site in sites]
    for site in sites:
        try:
            sheet, found = score_to_results(
                site,
                selection.scored,
                selection.plain,
                config.evaluation(site.slices),
                config.out / site.folder,
                command,
                on_message,
            )
        except ScanError as error:
            missing.append(str(error))
            continue
        sheets.append(sheet)
        surveys[site.folder] = found
        simulated |= {site.folder} if sheet.simulated else set()
    if not sheets:
        raise ScanError("cohort", " ".join(missing))
    if all(sheet.simulated for sheet in sheets):
        missing.append("No real cohort: nothing here says how the models do on patients. Name one with --cohort.")
    if config.train is None and not config.label_maps:
        missing.append("Without label maps (--label-maps) the paper's 83 + 49 subjects were not simulated.")
    contents = Contents(
        sheets=sheets,
        cards=[card(checkpoint, config.seed) for checkpoint in selection.checkpoints],
        realism=compare(surveys, simulated),
        missing=missing,
        repeat={
            "command": command,
            "settings": settings(config),
            "versions": versions() | {"matplotlib": version("matplotlib"), "cc3d": version("connected-components-3d")},
            "cohorts": [described(site) for site in sites],
        },
        quick=config.quick,
    )
    report = build_report(contents)
    write(config.out, contents, report)
    return Outcome(config.out / "report.html", tables(contents))


def settings(config: ExperimentConfig) -> dict[str, Any]:
    """All that has a say in the figures, by name."""
    said: dict[str, Any] = {
        "quick": config.quick,
        "seed": config.seed,
        "training epochs": config.train or "none: checkpoints as given",
    }
    if config.quick:
        said["limit of slice cohorts"] = config.evaluation(True).limit
    return said | {key: value for key, value in asdict(config.evaluation(False)).items() if key != "seed"}


def write(out: Path, contents: Contents, report: Report) -> None:
    """report.html, table1.tsv, report.json and figures/*.png."""
    for name, picture in report.figures.items():
        write_atomically(out / "figures" / name, picture)
    write_atomically(out / "table1.tsv", report.table_tsv.encode())
    record = {
        "use": RESEARCH_ONLY,
        "repeat": dict(contents.repeat),
        "missing": list(contents.missing),
        "cohorts": [
            {"folder": sheet.folder, "simulated": sheet.simulated, "models": sheet.metrics["models"]}
            | {"cohort": sheet.name, "normal_lesions": len(sheet.lesions.rows), "lesions": sheet.lesions.total}
            | {"claims": [list(line) for line in verdicts(sheet)]}
            for sheet in contents.sheets
        ],
        "checkpoints": [
            {"name": one.name, "sha256": one.sha256, "parameters": one.parameters, "learned": one.learned}
            for one in contents.cards
        ],
        "latent": latent_rows(contents.sheets, contents.cards),
        "realism": [dict(row) for row in contents.realism.distances] if contents.realism else None,
        "not_repeatable": ["seconds_per_slice"],
    }
    write_json(out / "report.json", record)
    write_atomically(out / "report.html", report.html.encode())


def tables(contents: Contents) -> str:
    """For a terminal: one table a cohort."""
    cards = {one.name: one for one in contents.cards}
    parts = []
    for sheet in contents.sheets:
        kind = "SIMULATED" if sheet.simulated else "REAL"
        parts.append(f"{kind} scans: {sheet.name}, {sheet.metrics['patients']} patients")
        parts.append(plain_text(sheet, cards) + "\n")
    parts += [*contents.missing, "* seconds are measured anew each time. BEST CASE: threshold picked on the truth."]
    return "\n".join(parts)
