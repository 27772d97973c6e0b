"""From nothing to a report."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from uad_core import RESEARCH_ONLY, versions
from uad_core.evaluate.glossary import GLOSSARY
from uad_core.evaluate.rows import EvaluationSession, table_rows
from uad_core.evaluate.score_cohort import CaseProgress, score_cohort
from uad_core.experiment.cohorts import CohortSource, OnMessage, described, for_training, gather, to_evaluate
from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.contents import CohortResults, Contents
from uad_core.experiment.examples import ExampleCollector
from uad_core.experiment.models import ModelSelection, card, select_models, train_all
from uad_core.experiment.realism import BrainSliceCollector, BrainSlices, compare
from uad_core.experiment.report.build import Report, build_report
from uad_core.experiment.report.claims import verdicts
from uad_core.experiment.report.studies import latent_rows
from uad_core.experiment.report.tables import printed_table
from uad_core.experiment.subtle_lesions import SubtleLesionCollector
from uad_core.io.atomic import write_atomically, write_json
from uad_core.io.volume import ScanError

RECORDED = ("name", "sha256", "parameters", "learned")  # of a checkpoint, in report.json


@dataclass(frozen=True)
class Outcome:
    """Where the report lies, and its tables as text."""

    report: Path
    tables: str


def run_experiment(config: ExperimentConfig, command: str, on_message: OnMessage) -> Outcome:
    """Run it all; what was simulated or trained already in `config.out` is kept.

    `command` repeats it, for the record; `on_message` is called with a line at every step. Raises ScanError: no cohort
    could be evaluated, or none can be trained on; CheckpointError: no checkpoint could be read; ValueError: the folder
    holds something that was made otherwise, or the training was stopped.
    """
    sources = gather(config, on_message)
    folder, missing = config.checkpoints, list[str]()
    if config.train is not None:
        folder, missing = train_all(config, for_training(sources, on_message), on_message)
    selection = select_models(config, folder)
    missing += selection.missing
    sources = [to_evaluate(source, selection.scored) for source in sources]
    cohorts, slices = [], dict[str, BrainSlices]()
    for source in sources:
        try:
            results, slices[source.folder] = _scored(source, selection, config, command, on_message)
            cohorts.append(results)
        except ScanError as error:
            missing.append(str(error))
    if not cohorts:
        raise ScanError("cohort", " ".join(missing))
    simulated = {results.folder for results in cohorts if results.simulated}
    if len(simulated) == len(cohorts):
        missing.append("No real cohort: nothing here says how the models do on patients. Name one with --cohort.")
    if config.train is None and not config.label_maps:
        missing.append("Without label maps (--label-maps) the paper's 83 + 49 subjects were not simulated.")
    contents = Contents(
        cohorts=cohorts,
        cards=[card(checkpoint, config.seed) for checkpoint in selection.checkpoints],
        realism=compare(slices, simulated),
        missing=missing,
        repeat={
            "command": command,
            "settings": settings(config),
            "versions": versions() | {"matplotlib": version("matplotlib"), "cc3d": version("connected-components-3d")},
            "cohorts": [described(source) for source in sources],
        },
        quick=config.quick,
    )
    write(config.out, contents, build_report(contents))
    return Outcome(config.out / "report.html", tables(contents))


def settings(config: ExperimentConfig) -> dict[str, Any]:
    """All that has a say in the figures, by name."""
    epochs = config.train or "none: checkpoints as given"
    said: dict[str, Any] = {"quick": config.quick, "seed": config.seed, "training epochs": epochs}
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
            {"folder": results.folder, "simulated": results.simulated, "models": results.metrics["models"]}
            | {"cohort": results.name, "normal_lesions": len(results.lesions.records), "lesions": results.lesions.total}
            | {"claims": [list(line) for line in verdicts(results)]}
            for results in contents.cohorts
        ],
        "checkpoints": [{key: getattr(one, key) for key in RECORDED} for one in contents.cards],
        "latent": latent_rows(contents.cohorts, contents.cards),
        "realism": [dict(row) for row in contents.realism.distances] if contents.realism else None,
        "not_repeatable": ["seconds_per_slice"],
    }
    write_json(out / "report.json", record)
    write_atomically(out / "report.html", report.html.encode())


def tables(contents: Contents) -> str:
    """For a terminal: one table a cohort."""
    cards, parts = {one.name: one for one in contents.cards}, []
    for results in contents.cohorts:
        kind = "SIMULATED" if results.simulated else "REAL"
        parts.append(f"{kind} scans: {results.name}, {results.metrics['patients']} patients")
        parts.append(printed_table(results, cards) + "\n")
    parts += [*contents.missing, f"Seconds are measured anew each time. {GLOSSARY['best_dice']}"]
    return "\n".join(parts)


def _scored(
    source: CohortSource, selection: ModelSelection, config: ExperimentConfig, command: str, on_message: OnMessage
) -> tuple[CohortResults, BrainSlices]:
    """Score a cohort into its folder: what `evaluate` writes, and lesions.json. Raises as `score_cohort` does."""
    cohort, out = source.cohort, config.out / source.folder
    evaluation = config.evaluation(source.slices)
    rows = table_rows(cohort, selection.scored, evaluation, selection.plain)
    session = EvaluationSession(cohort, tuple(rows), evaluation)
    examples = ExampleCollector(rows)
    subtle = SubtleLesionCollector(evaluation.min_lesion_mm3)
    slices = BrainSliceCollector(cohort.subjects[0].level)

    def show(progress: CaseProgress) -> None:
        counted = f"{progress.subject} ({progress.done} of {progress.total})"
        on_message(f"{cohort.name}: {counted} {progress.problem}".rstrip())

    tables = score_cohort(session, out, command, (examples, subtle, slices), show)
    on_message(f"{cohort.name}: pictures.")
    lesions = subtle.lesions()
    write_json(out / "lesions.json", {"lesions": lesions.total, "normal": list(lesions.records)})
    shown = examples.examples(tables.metrics["per_patient"])
    results = CohortResults(tables.metrics, tables.curves, shown, lesions, source.folder, source.sentences)
    return results, slices.slices()
