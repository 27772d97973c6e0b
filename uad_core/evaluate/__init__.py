"""Score models on a labelled cohort."""

from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.rows import PLAIN, EvaluationSession, Row, knows, open_session, table_rows
from uad_core.evaluate.score_case import Score
from uad_core.evaluate.score_cohort import CaseProgress, Collector, score_cases, score_cohort
from uad_core.evaluate.summary import Tables, summarise

__all__ = [
    "PLAIN",
    "CaseProgress",
    "Collector",
    "EvaluateConfig",
    "EvaluationSession",
    "Row",
    "Score",
    "Tables",
    "knows",
    "open_session",
    "score_cases",
    "score_cohort",
    "summarise",
    "table_rows",
]
