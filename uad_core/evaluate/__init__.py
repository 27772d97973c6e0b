"""A cohort, some models: figures that a reviewer can not take apart."""

from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.score_case import Score
from uad_core.evaluate.score_cohort import PLAIN, CaseProgress, Row, evaluate, knows, table_rows
from uad_core.evaluate.summary import Tables, summarise

__all__ = [
    "PLAIN",
    "CaseProgress",
    "EvaluateConfig",
    "Row",
    "Score",
    "Tables",
    "evaluate",
    "knows",
    "summarise",
    "table_rows",
]
