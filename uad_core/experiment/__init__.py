"""The paper's comparison from nothing: cohorts, checkpoints, evaluation, report."""

from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.experiment import Outcome, experiment

__all__ = ["ExperimentConfig", "Outcome", "experiment"]
