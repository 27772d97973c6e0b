"""A calibration's folder says what it was asked to do."""

from uad_core.runs import background_run
from uad_core.runs.calibration import CalibrationRun
from uad_core.runs.evaluation import EvaluationRun
from uad_core.runs.training import TrainingRun


def test_every_kind_of_run_names_what_its_settings_have_to_be():
    for kind in background_run.BackgroundRun.__subclasses__():
        assert kind.entries, kind
    assert {CalibrationRun, EvaluationRun, TrainingRun} <= set(background_run.BackgroundRun.__subclasses__())
