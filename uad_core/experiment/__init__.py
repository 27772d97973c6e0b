"""The paper's comparison from nothing: cohorts, checkpoints, evaluation, report."""

from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.experiment import Outcome, run_experiment

__all__ = ["ExperimentConfig", "Outcome", "run_experiment"]
