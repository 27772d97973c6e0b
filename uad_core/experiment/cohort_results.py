"""One cohort scored, with what its part of the report shows."""

from uad_core.evaluate.rows import EvaluationSession, table_rows
from uad_core.evaluate.score_cohort import CaseProgress, score_cohort
from uad_core.experiment.cohorts import CohortSource, OnMessage
from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.contents import CohortResults
from uad_core.experiment.examples import ExampleCollector
from uad_core.experiment.models import ModelSelection
from uad_core.experiment.realism import BrainSliceCollector, BrainSlices
from uad_core.experiment.subtle_lesions import SubtleLesionCollector
from uad_core.io.atomic import write_json


def score_to_results(
    source: CohortSource, selection: ModelSelection, config: ExperimentConfig, command: str, on_message: OnMessage
) -> tuple[CohortResults, BrainSlices]:
    """Score a cohort into its folder: what `evaluate` writes, and lesions.json.

    Raises ScanError: no subject could be evaluated; ValueError: as `table_rows`.
    """
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
    results = CohortResults(
        metrics=tables.metrics,
        curves=tables.curves,
        examples=examples.examples(tables.metrics["per_patient"]),
        lesions=lesions,
        folder=source.folder,
        sentences=source.sentences,
    )
    return results, slices.slices()
